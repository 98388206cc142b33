"""Edits of transcripts: each is written with what it took away, so that it can be undone to the last millisecond."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import defer

from tenuto import errors
from tenuto.db.models import SegmentRow, TranscriptEditRow, TranscriptRow, now
from tenuto.db.repository import Page, Repository, check_limit, decode_cursor, encode_cursor
from tenuto.db.transcripts import TranscriptRepository, segment_values, words_in
from tenuto.domain.prose import paragraphs
from tenuto.domain.splices import Splice, applied, between, from_json, to_json
from tenuto.domain.transcripts import Transcript

AT_ONCE = 500  # positions in one statement; both databases take more


@dataclass(frozen=True)
class Change:
    """What is to become of a transcript, and how history tells of it."""

    transcript: Transcript
    kind: str
    actor: str
    summary: str = ""


class EditRepository(Repository[TranscriptEditRow]):
    """The history of transcripts, and the only way to change one that has a history."""

    model = TranscriptEditRow
    noun = "edit"

    def apply(
        self, row: TranscriptRow, change: Change, *, revision: int, before: Transcript | None = None
    ) -> TranscriptEditRow | None:
        """Write a change and its line of history, if nobody was faster; what was undone before is forgotten."""
        splice = between(before or self._transcripts.load(row), change.transcript)
        if splice.is_empty:
            self.require_revision(row, revision)
            return None
        self._write(row, splice, change.transcript, revision)
        mine = TranscriptEditRow.transcript_id == row.id
        self.session.execute(_quietly(delete(TranscriptEditRow).where(mine, TranscriptEditRow.undone)))
        last = self.session.scalar(select(func.max(TranscriptEditRow.number)).where(mine)) or 0
        gone, came = to_json(splice)
        return self.add(
            TranscriptEditRow(
                owner_id=row.owner_id,
                transcript_id=row.id,
                number=last + 1,
                kind=change.kind,
                actor=change.actor,
                summary=change.summary or f"{sum(len(hunk.inserted) for hunk in splice.hunks)} segment(s) changed",
                before=gone,
                after=came,
            )
        )

    def first(self, row: TranscriptRow) -> Transcript:
        """The transcript as it was before its first edit."""
        mine = (TranscriptEditRow.transcript_id == row.id, TranscriptEditRow.undone.is_(False))
        found = self._transcripts.load(row)
        for edit in self.session.scalars(
            select(TranscriptEditRow).where(*mine).order_by(TranscriptEditRow.number.desc())
        ):
            found = applied(found, from_json(edit.before, edit.after).reversed())
        return found

    def undo(self, row: TranscriptRow, *, revision: int) -> TranscriptEditRow:
        """Take the last change back that is not taken back yet."""
        edit = self._next(row, undone=False)
        splice = from_json(edit.before, edit.after).reversed()
        self._write(row, splice, applied(self._transcripts.load(row), splice), revision)
        return self.update(edit, undone=True)

    def redo(self, row: TranscriptRow, *, revision: int) -> TranscriptEditRow:
        """Make the change again that was taken back last."""
        edit = self._next(row, undone=True)
        splice = from_json(edit.before, edit.after)
        self._write(row, splice, applied(self._transcripts.load(row), splice), revision)
        return self.update(edit, undone=False)

    def of_transcript(
        self, row: TranscriptRow, *, limit: int = 50, cursor: str | None = None
    ) -> Page[TranscriptEditRow]:
        """A page of history, newest first, without what each change took and put."""
        check_limit(limit)
        wanted = select(TranscriptEditRow).where(TranscriptEditRow.transcript_id == row.id)
        if cursor is not None:
            wanted = wanted.where(TranscriptEditRow.number < decode_cursor(cursor))
        wanted = wanted.options(defer(TranscriptEditRow.before), defer(TranscriptEditRow.after))
        rows = self.session.scalars(wanted.order_by(TranscriptEditRow.number.desc()).limit(limit + 1)).all()
        more = len(rows) > limit
        return Page(rows[:limit], encode_cursor(rows[limit - 1].number) if more else None)

    def numbered(self, row: TranscriptRow, number: int) -> TranscriptEditRow:
        """One change with all it took and put."""
        mine = (TranscriptEditRow.transcript_id == row.id, TranscriptEditRow.number == number)
        found = self.session.scalars(select(TranscriptEditRow).where(*mine)).one_or_none()
        if found is None:
            raise errors.NotFound(f"The history of this transcript has no change {number}.")
        return found

    def stands(self, row: TranscriptRow, kind: str) -> bool:
        """Whether a change of this kind was made and not taken back."""
        mine = (TranscriptEditRow.transcript_id == row.id, TranscriptEditRow.kind == kind)
        return (
            self.session.scalar(select(TranscriptEditRow.id).where(*mine, ~TranscriptEditRow.undone).limit(1))
            is not None
        )

    @staticmethod
    def require_revision(row: TranscriptRow, revision: int) -> None:
        """Refuse a change of a state that is no longer there."""
        if row.revision != revision:
            raise errors.StaleRevision(
                f"The transcript is at revision {row.revision}, not {revision}: it was edited meanwhile. "
                "Read it again and repeat the change.",
                revision=row.revision,
            )

    @property
    def _transcripts(self) -> TranscriptRepository:
        return TranscriptRepository(self.session)

    def _next(self, row: TranscriptRow, *, undone: bool) -> TranscriptEditRow:
        mine = (TranscriptEditRow.transcript_id == row.id, TranscriptEditRow.undone.is_(undone))
        order = TranscriptEditRow.number if undone else TranscriptEditRow.number.desc()
        found = self.session.scalars(select(TranscriptEditRow).where(*mine).order_by(order).limit(1)).one_or_none()
        if found is None:
            raise errors.ConflictError(f"There is nothing to {'redo' if undone else 'undo'} in this transcript.")
        return found

    def _write(self, row: TranscriptRow, splice: Splice, after: Transcript, revision: int) -> None:
        self._compare_and_set(row, revision, after)
        taken = [hunk.at + step for hunk in splice.hunks for step in range(len(hunk.removed))]
        of_this = SegmentRow.transcript_id == row.id
        for first in range(0, len(taken), AT_ONCE):
            some = SegmentRow.position.in_(taken[first : first + AT_ONCE])
            self.session.execute(_quietly(delete(SegmentRow).where(of_this, some)))
        for hunk in splice.hunks:
            self._shift(row, hunk.at + len(hunk.removed), len(hunk.inserted) - len(hunk.removed))
        speakers = self._transcripts.store_speakers(row, after)
        values = [
            segment_values(row, hunk.at + step, segment, speakers)
            for hunk in splice.hunks
            for step, segment in enumerate(hunk.inserted)
        ]
        if values:
            self.session.execute(insert(SegmentRow), values)

    def _compare_and_set(self, row: TranscriptRow, revision: int, after: Transcript) -> None:
        """Count the revision up, unless somebody else did; from here on the row is ours until the end."""
        values: dict[str, Any] = {
            "revision": revision + 1,
            "updated_at": max(now(), row.updated_at + timedelta(microseconds=1)),  # Exports compare it: it only grows.
            "word_count": words_in(after),
            "confidence": after.confidence,
        }
        if row.processed_text is not None:
            values["processed_text"] = paragraphs(after, heard=row.original_text)
        statement = update(TranscriptRow).where(TranscriptRow.id == row.id, TranscriptRow.revision == revision)
        changed = self.session.execute(_quietly(statement.values(**values)))
        self.session.refresh(row)
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            self.require_revision(row, revision)

    def _shift(self, row: TranscriptRow, first: int, by: int) -> None:
        """Move all segments behind an edit; over negative numbers, as each position may stand only once at any time."""
        if not by:
            return
        of_this = SegmentRow.transcript_id == row.id
        behind = update(SegmentRow).where(of_this, SegmentRow.position >= first)
        self.session.execute(_quietly(behind.values(position=-(SegmentRow.position + by) - 1)))
        back = update(SegmentRow).where(of_this, SegmentRow.position < 0)
        self.session.execute(_quietly(back.values(position=-SegmentRow.position - 1)))


def _quietly(statement: Any) -> Any:
    """No rows of these tables are held as objects while they are edited, so there are none to keep in step."""
    return statement.execution_options(synchronize_session=False)
