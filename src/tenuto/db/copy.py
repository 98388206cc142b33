"""Moving house: every row of our tables from one database to another, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Integer, Table, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from tenuto import errors
from tenuto.db import migrate
from tenuto.db.connect import READ_ONLY, translate
from tenuto.db.models import BUILT_IN_OWNER, OwnerRow, Row, WorkerRow

BATCH = 1000
OnTable = Callable[[str, int], None]
"""Takes a table's name and how many of its rows were copied so far."""


def copy_rows(source: Engine, target: Engine, on_table: OnTable = lambda _name, _count: None) -> dict[str, int]:
    """Copy all rows to an empty, migrated database; all of them arrive, or none."""
    if source.url.render_as_string(hide_password=False) == target.url.render_as_string(hide_password=False):
        raise errors.ValidationError("The database cannot be copied onto itself; name another one.")
    migrate.require_current(source)
    migrate.require_current(target)
    try:
        with source.execution_options(**READ_ONLY).connect() as old, target.begin() as new:
            if old.dialect.name == "postgresql":  # One consistent state, whatever is written meanwhile.
                old.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            _require_empty(new)
            new.execute(delete(OwnerRow.__table__))  # type: ignore[arg-type]
            copied = {table.name: _copy_table(old, new, table, on_table) for table in Row.metadata.sorted_tables}
            _set_sequences(new, Row.metadata.sorted_tables)
    except SQLAlchemyError as error:
        raise translate(error) from error
    return copied


def _require_empty(connection: Connection) -> None:
    for table in Row.metadata.sorted_tables:
        found = select(func.count()).select_from(table)
        if table.name == OwnerRow.__tablename__:
            found = found.where(table.c.id != BUILT_IN_OWNER)
        if connection.execute(found).scalar_one():
            raise errors.ConflictError(
                f"The database to copy to is not empty (its table {table.name} has rows); name an empty one."
            )


def _copy_table(old: Connection, new: Connection, table: Table, on_table: OnTable) -> int:
    copied = 0
    wanted = select(table).order_by(*table.primary_key.columns)
    with old.execution_options(yield_per=BATCH).execute(wanted) as rows:
        for batch in rows.partitions(BATCH):
            new.execute(insert(table), [_moved(table, row._asdict()) for row in batch])
            copied += len(batch)
            on_table(table.name, copied)
    return copied


def _moved(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row as it is in the new house, where no worker of the old one is alive."""
    return {**row, "dead": True} if table.name == WorkerRow.__tablename__ else row


def _set_sequences(connection: Connection, tables: Sequence[Table]) -> None:
    """PostgreSQL counts new ids by itself and has not seen those that were brought along."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        if "id" in table.c and isinstance(table.c.id.type, Integer):
            highest = select(func.max(table.c.id)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, "id")
            connection.execute(select(func.setval(sequence, func.coalesce(highest, 1), highest.is_not(None))))
