"""Fixtures for every test: a migrated ledger of one's own, on SQLite and on PostgreSQL."""

import pytest
from hypothesis import settings

from databases import PostgresLedgers, SQLiteLedgers, database_on, engine_on
from warm_children import warm_sandboxes

# A shared machine pauses: time is never what a property test fails on.
settings.register_profile("tenuto", deadline=None, database=None)
settings.load_profile("tenuto")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    """Let the quick tests of a module run in one process: what its fixtures make is then made once."""
    for item in items:
        if {"unit", "contracts"} & set(item.path.parts) and not any(
            item.get_closest_marker(name) for name in ("xdist_group", "slow")
        ):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))


@pytest.fixture(scope="session", autouse=True)
def _sandboxes_stay_warm():
    with warm_sandboxes():
        yield


@pytest.fixture(scope="session")
def sqlite_ledgers(tmp_path_factory):
    ledgers = SQLiteLedgers(tmp_path_factory.mktemp("template"))
    yield ledgers
    ledgers.close()


@pytest.fixture(scope="session")
def postgres_ledgers():
    ledgers = PostgresLedgers()
    yield ledgers
    ledgers.close()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledgers(request):
    """What makes ledgers; a test that asks for it runs once per kind of database."""
    return request.getfixturevalue("sqlite_ledgers" if request.param == "sqlite" else "postgres_ledgers")


@pytest.fixture
def database_url(ledgers, tmp_path):
    """The URL of a migrated database."""
    with ledgers.fresh(tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url):
    """A migrated `Database`, once on SQLite and once on PostgreSQL."""
    with database_on(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_database(ledgers, tmp_path_factory):
    """A migrated `Database` for all tests of a module; each brings its own owners and leaves its rows."""
    with ledgers.fresh(tmp_path_factory.mktemp("shared")) as url, database_on(url) as opened:
        yield opened


@pytest.fixture
def empty_engine(ledgers, tmp_path):
    """An engine on a database without any table."""
    with ledgers.fresh(tmp_path, migrated=False) as url, engine_on(url) as engine:
        yield engine


@pytest.fixture
def sqlite_database(sqlite_ledgers, tmp_path):
    """A migrated `Database` on SQLite alone."""
    with sqlite_ledgers.fresh(tmp_path) as url, database_on(url) as opened:
        yield opened


@pytest.fixture
def postgres_database(postgres_ledgers, tmp_path):
    """A migrated `Database` on PostgreSQL alone; carries its own mark where it is used."""
    with postgres_ledgers.fresh(tmp_path) as url, database_on(url) as opened:
        yield opened
