"""Ledgers for tests: a copied file on SQLite, a database made from a template on PostgreSQL; both migrated once."""

import contextlib
import os
import shutil
import uuid
from pathlib import Path

import psycopg

from needs import need
from tenuto.db import migrate
from tenuto.db.connect import DatabaseOptions, open_engine, parse_url
from tenuto.db.models import OwnerRow
from tenuto.db.work import EVERYONE, Database

POSTGRES = os.environ.get("TENUTO_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
OWNER = 1


def options(**changed):
    """Few connections: many test processes share one server."""
    return DatabaseOptions(**{"pool_size": 2, "max_overflow": 10, "connect_timeout_seconds": 5, **changed})


@contextlib.contextmanager
def engine_on(url, **changed):
    engine = open_engine(parse_url(url), options(**changed))
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def database_on(url, **changed):
    with engine_on(url, **changed) as engine:
        database = Database(engine)
        try:
            yield database
        finally:
            database.dispose()


def _migrate(url):
    with engine_on(url) as engine:
        migrate.upgrade(engine)


class SQLiteLedgers:
    """Copies of one migrated file."""

    kind = "sqlite"

    def __init__(self, folder):
        self._template = Path(folder) / "template.db"
        _migrate(f"sqlite:///{self._template}")

    @contextlib.contextmanager
    def fresh(self, folder, *, migrated=True):
        """The URL of a ledger nobody else uses."""
        path = Path(folder) / f"{uuid.uuid4().hex}.db"
        if migrated:
            shutil.copyfile(self._template, path)
        yield f"sqlite:///{path}"

    def close(self):
        self._template.unlink()


class PostgresLedgers:
    """Databases made from one migrated template, dropped after use whoever still holds a connection."""

    kind = "postgresql"

    def __init__(self):
        need_postgres()
        self._template = f"tenuto_template_{uuid.uuid4().hex[:12]}"
        admin(f"CREATE DATABASE {self._template}")
        _migrate(_url_of(self._template))

    @contextlib.contextmanager
    def fresh(self, _folder, *, migrated=True):
        """The URL of a ledger nobody else uses."""
        with postgres_database(self._template if migrated else "template0") as url:
            yield url

    def close(self):
        admin(f"DROP DATABASE {self._template} WITH (FORCE)")


def admin(statement):
    """Run a statement on the PostgreSQL server itself, outside every test's database."""
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(statement)


@contextlib.contextmanager
def postgres_database(template="template0"):
    """The URL of a database of one's own."""
    name = f"tenuto_test_{uuid.uuid4().hex[:12]}"
    admin(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield _url_of(name)
    finally:
        admin(f"DROP DATABASE {name} WITH (FORCE)")


def need_postgres():
    """Skip, or fail where services are required, when no PostgreSQL server answers."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        need(False, f"a PostgreSQL server at {POSTGRES}")


def _url_of(name):
    return f"{POSTGRES.rpartition('/')[0]}/{name}"


def add_owner(database, name=None):
    """The id of one more owner."""
    with database.unit_of_work(EVERYONE) as work:
        row = OwnerRow(name=name or f"owner {uuid.uuid4().hex}")
        work.session.add(row)
        work.session.flush()
        return row.id
