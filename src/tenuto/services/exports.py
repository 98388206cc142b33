"""ExportService: a transcript in a format people use, rendered once and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from tenuto import errors
from tenuto.db.models import ArtifactRow, JobRow, TranscriptRow
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.transcripts import Transcript
from tenuto.exports import registry
from tenuto.exports.base import Format
from tenuto.services.content import ContentStore
from tenuto.services.transcripts import no_transcript

KIND = "export"


@dataclass(frozen=True)
class Export:
    """A rendered transcript."""

    data: bytes
    media_type: str
    filename: str


class ExportService:
    """Finished or partly finished job → exported file."""

    def __init__(self, database: Database, content: ContentStore) -> None:
        self.database, self.content = database, content

    def render(self, owner_id: int, job_uid: str, format_name: str) -> Export:
        """The transcript of a job in a format; kept, so that the same is not rendered twice."""
        form = registry.find_format(format_name)
        with self.database.reading(owner_id) as work:
            job = work.jobs.get_by_id(job_uid)
            row = self._transcript_of(work, job)
            remembered = work.artifacts.of_job(job.id, KIND, form.name)
            fresh = remembered is not None and remembered.created_at >= row.updated_at
            transcript = None if fresh else work.transcripts.load(row)
        name = f"{PurePath(job.file_name or 'transcript').stem}.{form.extension}"
        if transcript is None and remembered is not None:
            try:
                with self.content.storage.open(remembered.storage_key) as file:
                    return Export(file.read(), form.media_type, name)
            except errors.NotFound:
                transcript = self.transcript(owner_id, job_uid)
        data = form.render(transcript or Transcript(()))
        self._remember(owner_id, job, form, data, as_of=row.updated_at)
        return Export(data, form.media_type, name)

    def transcript(self, owner_id: int, job_uid: str) -> Transcript:
        """What a job heard, as the domain knows it."""
        with self.database.reading(owner_id) as work:
            return work.transcripts.load(self._transcript_of(work, work.jobs.get_by_id(job_uid)))

    def _transcript_of(self, work: UnitOfWork, job: JobRow) -> TranscriptRow:
        row = work.transcripts.worked_on(job)
        if row is None:
            raise no_transcript(job)
        return row

    def _remember(self, owner_id: int, job: JobRow, form: Format, data: bytes, *, as_of: datetime) -> None:
        content = self.content.keep_bytes(data)
        with self.database.unit_of_work(owner_id) as work:
            self.content.claim(work, content)
            earlier = work.artifacts.of_job(job.id, KIND, form.name)
            if earlier is not None:
                work.artifacts.delete(earlier)
            work.artifacts.add(
                ArtifactRow(
                    job_id=job.id,
                    kind=KIND,
                    name=form.name,
                    storage_key=content.storage_key,
                    sha256=content.sha256,
                    size_bytes=content.size_bytes,
                    media_type=form.media_type,
                    created_at=as_of,  # An edit meanwhile made it old before it was written.
                ),
            )
        if earlier is not None and earlier.storage_key != content.storage_key:
            self.content.release([earlier.storage_key])
