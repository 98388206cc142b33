"""Counters kept beside every change, so that no request counts a million rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tenuto.db.models import CountRow, FileRow, JobRow, SongRow
from tenuto.domain.jobs import JobStatus


def count_job(session: Session, job: JobRow, status: JobStatus, delta: int) -> None:
    """Add to the number of jobs of this owner and kind in a status."""
    key = {"owner_id": job.owner_id, "noun": "job", "kind": job.kind, "status": status.value}
    _add(session, key, delta, 0)


def count_file(session: Session, file: FileRow, sign: int) -> None:
    """Add a file and its bytes to its owner's numbers, or take them off."""
    day = file.created_at.date().isoformat()  # Per day, so that what takes space can be told by age.
    key = {"owner_id": file.owner_id, "noun": "file", "kind": file.container, "status": day}
    _add(session, key, sign, sign * file.size_bytes)


def count_song(session: Session, song: SongRow, sign: int) -> None:
    """Add a song to its owner's number of those that came from the same kind of place, or take it off."""
    _add(session, {"owner_id": song.owner_id, "noun": "song", "kind": song.source.value, "status": ""}, sign, 0)


def _add(session: Session, key: dict[str, Any], count: int, size_bytes: int) -> None:
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(CountRow).values(**key, count=max(count, 0), bytes=max(size_bytes, 0))
    changes = {"count": CountRow.count + count, "bytes": CountRow.bytes + size_bytes}
    session.execute(insert.on_conflict_do_update(index_elements=list(key), set_=changes))


def read_counts(session: Session, noun: str) -> list[tuple[str, str, int, int]]:
    """(kind, status, number, bytes) for the owner the session acts for, or for all."""
    numbers = func.sum(CountRow.count), func.sum(CountRow.bytes)
    statement = select(CountRow.kind, CountRow.status, *numbers).where(CountRow.noun == noun)
    owner_id = session.info["owner_id"]
    if owner_id is not None:
        statement = statement.where(CountRow.owner_id == owner_id)
    rows = session.execute(statement.group_by(CountRow.kind, CountRow.status).order_by(CountRow.kind, CountRow.status))
    return [(kind, status, int(count), int(size)) for kind, status, count, size in rows if count]
