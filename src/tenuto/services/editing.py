"""EditingService: changes of a transcript that can be undone; two people who edit at once never lose anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenuto import errors
from tenuto.db.edits import Change
from tenuto.db.models import JobRow, TranscriptEditRow, TranscriptRow
from tenuto.db.repository import Page
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.editing import Edited
from tenuto.domain.splices import Splice, from_json
from tenuto.domain.transcripts import Transcript
from tenuto.services.processing import ProcessingService, Submission

ACTOR = "owner"


@dataclass(frozen=True)
class Done:
    """A transcript after a change, and what changed; no change is no edit."""

    row: TranscriptRow
    edit: TranscriptEditRow | None
    splice: Splice
    names: dict[str, str]  # label → name to show


class EditingService:
    """Edits, their history, and new times for words after them."""

    def __init__(self, database: Database, processing: ProcessingService) -> None:
        self.database, self.processing = database, processing

    def change(self, owner_id: int, uid: str, how: Callable[[Transcript], Edited], *, kind: str, revision: int) -> Done:
        """Change a transcript that is still at `revision`; what is to be done takes its time before anybody waits."""
        with self.database.reading(owner_id) as work:
            before = work.transcripts.load(self._editable(work, uid, revision))
        edited = how(before)
        with self.database.unit_of_work(owner_id) as work:
            row = self._editable(work, uid, revision)
            change = Change(edited.transcript, kind, ACTOR, edited.summary)
            edit = work.edits.apply(row, change, revision=revision, before=before)
            splice = Splice((), {}, {}) if edit is None else from_json(edit.before, edit.after)
            return Done(row, edit, splice, edited.transcript.speakers)

    def undo(self, owner_id: int, uid: str, *, revision: int) -> Done:
        """Take the last change back."""
        with self.database.unit_of_work(owner_id) as work:
            row = self._editable(work, uid, revision)
            edit = work.edits.undo(row, revision=revision)
            return Done(row, edit, from_json(edit.before, edit.after).reversed(), self._names(work, row))

    def redo(self, owner_id: int, uid: str, *, revision: int) -> Done:
        """Make the change again that was taken back last."""
        with self.database.unit_of_work(owner_id) as work:
            row = self._editable(work, uid, revision)
            edit = work.edits.redo(row, revision=revision)
            return Done(row, edit, from_json(edit.before, edit.after), self._names(work, row))

    def history(
        self, owner_id: int, uid: str, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[TranscriptRow, Page[TranscriptEditRow]]:
        """The transcript and a page of what was done to it, newest first."""
        with self.database.reading(owner_id) as work:
            row = work.transcripts.get_by_id(uid)
            return row, work.edits.of_transcript(row, limit=limit, cursor=cursor)

    def look_at(self, owner_id: int, uid: str, number: int) -> Done:
        """One change of the history with all it took and put."""
        with self.database.reading(owner_id) as work:
            row = work.transcripts.get_by_id(uid)
            edit = work.edits.numbered(row, number)
            return Done(row, edit, from_json(edit.before, edit.after), self._names(work, row))

    def realign(self, owner_id: int, uid: str, *, every_word: bool = False, request_id: str = "") -> JobRow:
        """Queue a job that hears anew when the words are said whose times are guessed, or all of them."""
        with self.database.reading(owner_id) as work:
            row = work.transcripts.get_by_id(uid)
            require_idle(work, row)
            if row.file_id is None:
                raise errors.ConflictError(
                    "The recording of this transcript was deleted; words cannot be timed without it."
                )
            file_uid = work.files.get(row.file_id).uid
        options = {"transcript_id": uid, "every_word": every_word}
        wish = Submission(kind="realign", file_uid=file_uid, options=options, request_id=request_id)
        return self.processing.submit(owner_id, wish)

    def _editable(self, work: UnitOfWork, uid: str, revision: int) -> TranscriptRow:
        row = work.transcripts.get_by_id(uid)
        require_idle(work, row)
        work.edits.require_revision(row, revision)
        return row

    @staticmethod
    def _names(work: UnitOfWork, row: TranscriptRow) -> dict[str, str]:
        return {speaker.label: speaker.display_name for speaker in work.transcripts.speakers(row)}


def require_idle(work: UnitOfWork, row: TranscriptRow) -> None:
    """A transcript belongs to its job until that has ended: a later step would work on what is no longer there."""
    job = work.jobs.get(row.job_id)
    if not job.status.is_finished:
        raise errors.ConflictError(
            f"The job of this transcript is {job.status}; it can be edited once the job has ended.",
            status=job.status.value,
        )
