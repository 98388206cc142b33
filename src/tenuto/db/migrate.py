"""The schema: bring it up, take it down, and say whether it is this code's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, text
from sqlalchemy.exc import SQLAlchemyError

from tenuto import errors
from tenuto.db.connect import READ_ONLY, translate

MIGRATION_LOCK = 746_561  # any number, the same for every tenuto


@dataclass(frozen=True)
class SchemaState:
    """Which schema the database has and which this code needs."""

    found: str | None
    needed: str
    newer: bool = False  # made by a tenuto that came after this one

    @property
    def is_current(self) -> bool:
        """Whether they agree."""
        return self.found == self.needed


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("tenuto.db") / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def state(engine: Engine) -> SchemaState:
    """Look, change nothing."""
    try:
        with engine.execution_options(**READ_ONLY).connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise translate(error) from error
    known = _revisions()
    return SchemaState(found, known[0], newer=found is not None and found not in known)


@cache
def _revisions() -> tuple[str, ...]:
    """All that this code knows, the newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is older or newer than this code."""
    schema = _require_known(engine)
    if schema.found is None:
        raise errors.SchemaMismatch("The database is empty; run `tenuto db init`.")
    if not schema.is_current:
        raise errors.SchemaMismatch(
            f"The database has schema {schema.found}, this version needs {schema.needed}; run `tenuto db migrate`.",
        )


def _require_known(engine: Engine) -> SchemaState:
    """Refuse a database whose schema this code has never heard of."""
    schema = state(engine)
    if schema.newer:
        raise errors.SchemaMismatch(
            f"The database has schema {schema.found}, which a newer tenuto made; use that version or a backup.",
        )
    return schema


def upgrade(engine: Engine, revision: str = "head") -> SchemaState:
    """Bring the schema up; two servers that start at once do it once."""
    _require_known(engine)
    with engine.begin() as connection:
        _lock(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return state(engine)


def downgrade(engine: Engine, revision: str) -> SchemaState:
    """Take the schema down."""
    _require_known(engine)
    with engine.begin() as connection:
        _lock(connection)
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.downgrade(config, revision)
        except CommandError as error:
            known = ", ".join([*reversed(_revisions()), "base"])
            raise errors.ValidationError(
                f"The schema cannot be taken back to {revision[:40]!r} ({error}); there are {known}."
            ) from error
    return state(engine)


def reset(engine: Engine) -> None:
    """Drop every table, ours and the durable engine's."""
    with engine.begin() as connection:
        _lock(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP SCHEMA IF EXISTS dbos CASCADE"))
        else:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        found = MetaData()
        found.reflect(connection)
        found.drop_all(connection)


def _lock(connection: Connection) -> None:
    """Let one process change the schema at a time; a SQLite transaction holds the write lock anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
