"""Opening the database: one way for SQLite, one for PostgreSQL, the same afterwards."""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from tenuto import errors
from tenuto.db.sqlite_file import SQLiteFile

logger = logging.getLogger(__name__)

OLDEST_SQLITE = (3, 51, 3)  # Below it a WAL file shared by several processes can be corrupted.
READ_ONLY = {"tenuto_read_only": True}
LOCK_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class DatabaseOptions:
    """How to hold connections."""

    pool_size: int = 10
    max_overflow: int = 10
    pool_recycle_seconds: int = 1800
    connect_timeout_seconds: int = 10
    ssl: str = ""
    slow_query_ms: int = 500
    abandoned_seconds: int = 60  # PostgreSQL takes the locks from a client that fell silent within a transaction
    may_create: bool = True  # SQLite makes a file that is missing


def parse_url(text: str) -> URL:
    """Return the URL with the driver tenuto uses, or refuse it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # What was given is not told: it may hold a password.
        raise errors.SettingsError(
            "TENUTO_DATABASE_URL is not a database URL; it looks like sqlite:///file or postgresql://user@host/name.",
        ) from None
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return url.set(drivername="sqlite")
    raise errors.SettingsError(f"TENUTO_DATABASE_URL names {backend!r}; tenuto works on sqlite and postgresql.")


def open_engine(url: URL, options: DatabaseOptions) -> Engine:
    """Return an engine whose transactions take the write lock first, unless they are marked READ_ONLY."""
    engine = _open_sqlite(url, options) if url.get_backend_name() == "sqlite" else _open_postgres(url, options)
    _log_slow_queries(engine, options.slow_query_ms)
    return engine


def _open_postgres(url: URL, options: DatabaseOptions) -> Engine:
    arguments: dict[str, Any] = {
        "application_name": "tenuto",
        "connect_timeout": options.connect_timeout_seconds,
        "keepalives_idle": 30,
    }
    if options.ssl:
        arguments["sslmode"] = options.ssl
    engine = create_engine(
        url,
        pool_size=options.pool_size,
        max_overflow=options.max_overflow,
        pool_recycle=options.pool_recycle_seconds,
        pool_pre_ping=True,
        pool_timeout=30,
        connect_args=arguments,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # Set here and not as an option of the start, which a pooler in between would refuse.
        connection.autocommit = True
        connection.execute(f"SET idle_in_transaction_session_timeout = '{options.abandoned_seconds}s'")
        connection.autocommit = False

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("tenuto_read_only"):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine


def _open_sqlite(url: URL, options: DatabaseOptions) -> Engine:
    from pysqlite3 import dbapi2  # noqa: PLC0415 - PostgreSQL users never load it

    if dbapi2.sqlite_version_info < OLDEST_SQLITE:
        raise errors.SettingsError(
            f"SQLite {dbapi2.sqlite_version} can corrupt a database that several processes share; tenuto needs 3.51.3."
            " Install a newer pysqlite3.",
        )
    if not url.database or url.database == ":memory:":
        raise errors.SettingsError("TENUTO_DATABASE_URL must name a file; workers could not see a database in memory.")
    Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        url,
        module=dbapi2,
        pool_size=options.pool_size,
        max_overflow=options.max_overflow,
        connect_args={"timeout": 5, "check_same_thread": False},
    )

    SQLiteFile(Path(url.database).absolute(), may_create=options.may_create).watch(engine)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # We begin transactions ourselves, below.
        _patiently(connection, "PRAGMA journal_mode=WAL")  # SQLite does not wait when several open a new file at once.
        for pragma in (
            "synchronous=FULL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "cache_size=-8192",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("tenuto_read_only"):
            connection.exec_driver_sql("PRAGMA query_only=ON")
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_immediate(connection)

    @event.listens_for(engine, "checkin")
    def _may_write_again(connection: Any, _record: Any) -> None:
        if connection is not None:
            connection.execute("PRAGMA query_only=OFF")

    return engine


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock, asking often: SQLite's own back-off lets one of several writers starve for seconds."""
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA busy_timeout=0")
    try:
        _patiently(raw, "BEGIN IMMEDIATE")
    finally:
        raw.execute("PRAGMA busy_timeout=5000")


def _patiently(raw: Any, statement: str) -> None:
    """Run the statement as soon as no other process holds the lock it needs."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            raw.execute(statement)
        except raw.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise errors.DatabaseError(
                    f"The database was locked by another process for {LOCK_WAIT_SECONDS:g} s.",
                ) from None
            time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - jitter, not a secret
        else:
            return


def _log_slow_queries(engine: Engine, threshold_ms: int) -> None:
    # SQLAlchemy passes (connection, cursor, statement, parameters, context, executemany).
    @event.listens_for(engine, "before_cursor_execute")
    def _start(*call: Any) -> None:
        call[4].tenuto_started = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def _end(*call: Any) -> None:
        took_ms = (time.perf_counter() - call[4].tenuto_started) * 1000
        if took_ms >= threshold_ms:
            fields = {"action": "slow_query", "milliseconds": round(took_ms), "statement": call[2][:500]}
            logger.warning("A query was slow.", extra=fields)


def translate(error: DBAPIError | Exception) -> errors.TenutoError:
    """Return the tenuto error for one of SQLAlchemy's."""
    name = type(error).__name__
    if "disk is full" in str(error):
        return errors.StorageFull("There is no room left for the database; free some and try again.")
    if name == "IntegrityError":
        return errors.ConflictError(
            "The database refused this: it would break a rule between rows.", cause=_first_line(error)
        )
    if name == "DataError":
        return errors.ValidationError("The database refused a value.", cause=_first_line(error))
    return errors.DatabaseError(f"The database did not answer ({name}).", cause=_first_line(error))


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", error)).split("\n", maxsplit=1)[0]
