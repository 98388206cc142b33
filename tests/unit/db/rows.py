"""Legal rows for every table, made from the models, so that a new table is covered without a word here."""

import uuid
from datetime import date, datetime

from sqlalchemy import select

from tenuto.db.models import (
    ArtifactRow,
    BudgetRow,
    FileRow,
    JobRow,
    OwnedRow,
    OwnerRow,
    Row,
    UTCDateTime,
    now,
)
from tenuto.db.work import EVERYONE

MODELS = {mapper.class_.__table__: mapper.class_ for mapper in Row.registry.mappers}
OWNED = [model for table, model in MODELS.items() if issubclass(model, OwnedRow)]
OWNED.sort(key=lambda model: model.__tablename__)

# What the check constraints of a table ask for beyond its types.
PARTICULARS = {ArtifactRow: {"job_id": None}, BudgetRow: {"period": "day"}}


def values_for(model, parents, **given):
    """A legal value for each column that has no default and for each reference; `parents` is table name → id."""
    values = {}
    for column in model.__table__.columns:
        if column.foreign_keys:
            values[column.key] = parents[next(iter(column.foreign_keys)).column.table.name]
        elif (column.primary_key and column.autoincrement is True) or column.key == "id":
            continue
        elif column.primary_key or (column.default is None and not column.nullable):
            values[column.key] = _value(column)
    return {**values, **PARTICULARS.get(model, {}), **given}


def _value(column):
    kind = datetime if isinstance(column.type, UTCDateTime) else column.type.python_type
    if kind is str:
        return uuid.uuid4().hex[: column.type.length or 32]
    return {int: 1, float: 1.0, bool: False, datetime: now(), dict: {}, list: [], bytes: b"1234", date: now().date()}[
        kind
    ]


def family(database, owner_id=None):
    """One row in every table, all of one owner and hanging together: model → row."""
    rows, parents = {}, {}
    with database.unit_of_work(EVERYONE) as work:
        if owner_id is not None:
            parents["owners"] = owner_id
            rows[OwnerRow] = work.session.get(OwnerRow, owner_id)
        for table in Row.metadata.sorted_tables:
            if table.name not in parents:
                row = MODELS[table](**values_for(MODELS[table], parents))
                work.session.add(row)
                work.session.flush()
                rows[MODELS[table]] = row
                if "id" in table.c:
                    parents[table.name] = row.id
    return rows


def new_file(**given):
    values = {
        "name": "talk.wav",
        "storage_key": f"content/{uuid.uuid4().hex}",
        "sha256": uuid.uuid4().hex * 2,
        "size_bytes": 1000,
        "media_type": "audio/wav",
        "container": "wav",
        "codec": "pcm_s16le",
        "duration_ms": 1000,
        "sample_rate": 16_000,
        "channels": 1,
    }
    return FileRow(**{**values, **given})


def new_job(**given):
    return JobRow(**{"kind": "transcribe", **given})


def submit(database, owner_id, **given):
    """A queued job of that owner."""
    with database.unit_of_work(owner_id) as work:
        return work.jobs.submit(new_job(**given), actor="owner")


def everything(connection):
    """All there is in the ledger's tables: table name → rows."""
    return {table.name: connection.execute(select(table)).all() for table in Row.metadata.sorted_tables}
