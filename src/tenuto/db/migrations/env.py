"""Alembic's way in: it gets the connection from `db/migrate.py` and never opens one itself."""

from __future__ import annotations

from alembic import context

from tenuto.db.models import Row


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave the durable engine's own tables, which share a SQLite file with ours, alone."""
    return kind != "table" or name in Row.metadata.tables


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Row.metadata,
    include_object=ours,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
