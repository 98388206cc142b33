"""TranscriptService: look at what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenuto import errors
from tenuto.db.models import JobRow, SegmentRow, SpeakerRow, TranscriptRow, now
from tenuto.db.repository import Page
from tenuto.db.work import Database


class TranscriptService:
    """Transcripts, their segments and speakers."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, owner_id: int, uid: str) -> TranscriptRow:
        """One transcript."""
        with self.database.reading(owner_id) as work:
            return work.transcripts.get_by_id(uid)

    def of_job(self, owner_id: int, job_uid: str) -> TranscriptRow:
        """What a job heard so far."""
        with self.database.reading(owner_id) as work:
            job = work.jobs.get_by_id(job_uid)
            row = work.transcripts.worked_on(job)
        if row is None:
            raise no_transcript(job)
        return row

    def get_all(self, owner_id: int, *, limit: int = 50, cursor: str | None = None) -> Page[TranscriptRow]:
        """A page of transcripts, newest first."""
        with self.database.browsing(owner_id) as work:
            return work.transcripts.get_all(limit=limit, cursor=cursor)

    def parents(self, owner_id: int, rows: Sequence[TranscriptRow]) -> tuple[dict[int, str], dict[int, str]]:
        """The public ids of the jobs and of the files that transcripts belong to."""
        with self.database.reading(owner_id) as work:
            return work.jobs.uids(row.job_id for row in rows), work.files.uids(row.file_id for row in rows)

    def segments(self, owner_id: int, uid: str, *, after: int = -1, limit: int | None = None) -> Sequence[SegmentRow]:
        """Segments in order."""
        with self.database.reading(owner_id) as work:
            return work.transcripts.segments(work.transcripts.get_by_id(uid), after=after, limit=limit)

    def speakers(self, owner_id: int, uid: str) -> Sequence[SpeakerRow]:
        """The voices."""
        with self.database.reading(owner_id) as work:
            return work.transcripts.speakers(work.transcripts.get_by_id(uid))

    def corrections(self, owner_id: int, uid: str) -> Mapping[str, Any]:
        """What the lexicon of its job changed, as the step that applied it wrote down."""
        with self.database.reading(owner_id) as work:
            row = work.transcripts.get_by_id(uid)
            step = work.steps.find(row.job_id, "polish")
            return {**step.result, "undone": not work.edits.stands(row, "lexicon")} if step is not None else {}

    def rename(self, owner_id: int, uid: str, title: str) -> TranscriptRow:
        """Give a transcript another title."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.transcripts.get_by_id(uid)
            return work.transcripts.update(row, title=title, updated_at=now())


def no_transcript(job: JobRow) -> errors.ConflictError:
    """Why a job has none: it is too early, or its kind makes none."""
    if job.kind == "transcribe":
        return errors.ConflictError(f"The job is {job.status} and has no transcript yet.", status=job.status.value)
    where = f"/api/jobs/{job.uid}/artifacts"
    return errors.ConflictError(f"A job of kind {job.kind!r} makes no transcript; what it made is at {where}.")
