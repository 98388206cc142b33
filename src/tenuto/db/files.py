"""Files somebody brought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select, text

from tenuto import errors
from tenuto.db.counts import count_file, read_counts
from tenuto.db.models import ArtifactRow, FileRow, JobRow, PresentationRow, SongRow, VoiceCloneRow
from tenuto.db.repository import Repository
from tenuto.domain.jobs import FINISHED

# Core tables, not entities: the limit to one owner must not hide another's claim to the same bytes.
POINTING = (FileRow.__table__, ArtifactRow.__table__, VoiceCloneRow.__table__)


class FileRepository(Repository[FileRow]):
    """Uploads, and which bytes are still needed."""

    model = FileRow
    noun = "file"

    def lock_content(self, storage_key: str) -> None:
        """Hold off everybody else who adds or removes these bytes until the transaction ends.

        SQLite's transactions take the write lock first and need nothing more.
        """
        if self.session.get_bind().dialect.name == "postgresql":
            statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
            self.session.execute(statement, {"key": storage_key})

    def lock(self, row: FileRow) -> None:
        """Hold off jobs that are being submitted on this file until the transaction ends."""
        held = self.session.execute(select(FileRow.id).where(FileRow.id == row.id).with_for_update())
        if held.first() is None:
            raise errors.NotFound(f"There is no file {row.uid!r} any more.")

    def content_in_use(self, storage_key: str) -> bool:
        """Whether any row of any owner still points at these bytes."""
        for table in POINTING:
            if self.session.execute(select(table.c.id).where(table.c.storage_key == storage_key).limit(1)).first():
                return True
        return False

    def count_pointing_at(self, storage_key: str) -> int:
        """How many rows of all owners point at these bytes."""
        numbers = (select(func.count()).where(table.c.storage_key == storage_key) for table in POINTING)
        return sum(self.session.execute(number).scalar_one() for number in numbers)

    def expired(self, moment: datetime, *, after_id: int = 0, limit: int = 500) -> Sequence[FileRow]:
        """Files past their time that no unfinished job needs, and that are neither songs nor presented."""
        needed = exists().where(JobRow.file_id == FileRow.id, JobRow.status.not_in(FINISHED))
        a_song = exists().where(SongRow.file_id == FileRow.id)
        presented = exists().where(PresentationRow.file_id == FileRow.id)
        wanted = (
            select(FileRow)
            .where(FileRow.id > after_id, FileRow.expires_at < moment, ~needed, ~a_song, ~presented)
            .order_by(FileRow.id)
            .limit(limit)
        )
        return self.session.scalars(wanted).all()

    def count_expired(self, moment: datetime) -> tuple[int, int]:
        """How many files are past their time, whoever needs them, and how many there are."""
        old = func.count().filter(FileRow.expires_at < moment)
        expired, total = self.session.execute(select(old, func.count()).select_from(FileRow)).one()
        return expired, total

    def all_after(self, row_id: int, limit: int = 500) -> Sequence[FileRow]:
        """The next files by internal id; for checks that walk through all of them."""
        wanted = select(FileRow).where(FileRow.id > row_id).order_by(FileRow.id).limit(limit)
        return self.session.scalars(wanted).all()

    def add(self, row: FileRow) -> FileRow:
        """Insert the file and count it."""
        super().add(row)
        count_file(self.session, row, 1)
        return row

    def delete(self, row: FileRow) -> None:
        """Remove the file's row and what was made of it; the bytes are the caller's to remove afterwards."""
        # With the row locked nobody can submit a job for it between the look and the deletion.
        locked = select(FileRow.id).where(FileRow.id == row.id).with_for_update()
        if self.session.scalar(locked) is None:
            raise errors.NotFound(f"There is no file {row.uid!r} any more.")
        if self.session.scalar(select(exists().where(JobRow.file_id == row.id, JobRow.status.not_in(FINISHED)))):
            raise errors.ConflictError("A job still needs this file; cancel the job or wait for it.")
        super().delete(row)
        count_file(self.session, row, -1)

    def replace_content(self, row: FileRow, **values: Any) -> None:
        """Point the file at other bytes, and count them instead."""
        count_file(self.session, row, -1)
        self.update(row, **values)
        count_file(self.session, row, 1)

    def totals(self) -> list[tuple[str, date, int, int]]:
        """(container, day, number, bytes) of the owner's files."""
        return [
            (kind, date.fromisoformat(day), count, size) for kind, day, count, size in read_counts(self.session, "file")
        ]
