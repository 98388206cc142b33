"""The models and the migrations tell the same story, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from databases import engine_on
from migration.structure import structure
from tenuto.db.models import Row


@pytest.fixture
def migrated(database):
    return database.engine


@pytest.fixture
def created(ledgers, tmp_path):
    """An engine on a database whose tables were made from the models, not by migrations."""
    with ledgers.fresh(tmp_path, migrated=False) as url, engine_on(url) as engine:
        Row.metadata.create_all(engine)
        yield engine


def test_nothing_is_left_to_migrate(migrated):
    def ours(_object, name, kind, _reflected, _other):
        return kind != "table" or name in Row.metadata.tables

    with migrated.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": ours}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Row.metadata) == []


@pytest.mark.parametrize("table", sorted(Row.metadata.tables))
def test_models_and_migrations_make_the_same_table(migrated, created, table):
    assert structure(migrated, [table]) == structure(created, [table])


def test_the_comparison_sees_every_kind_of_fact(migrated):
    found = structure(migrated, Row.metadata.tables)
    assert set(found) == set(Row.metadata.tables)
    assert {name for _, sql in found["jobs"]["checks"] for name in ("progress", "worker_id") if name in sql}
    assert any("SET NULL" in str(key) for key in found["jobs"]["foreign keys"])
    assert found["jobs"]["columns"]["cancel_requested"][2] is not None
    assert found["jobs"]["uniques"]
    assert found["jobs"]["indexes"]
