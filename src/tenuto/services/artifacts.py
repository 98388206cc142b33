"""ArtifactService: the files that jobs made, such as speech."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from tenuto import errors
from tenuto.db.models import ArtifactRow, JobRow
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.naming import file_name
from tenuto.pipelines import compose, loudness, narrate
from tenuto.pipelines.narrate_names import SOUND
from tenuto.services.exports import KIND as EXPORT
from tenuto.services.files import Readable


class ArtifactService:
    """What a job made and nobody renders anew; exports are looked for at the exports."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def of_job(self, owner_id: int, job_uid: str) -> Sequence[ArtifactRow]:
        """All that a job made."""
        with self.database.reading(owner_id) as work:
            return _made(work, job_uid)[1]

    def readable(self, owner_id: int, job_uid: str, name: str) -> Readable:
        """What is needed to hand out the bytes of one."""
        with self.database.reading(owner_id) as work:
            job, rows = _made(work, job_uid)
            row = next((row for row in rows if row.name == name), None)
            if row is None:
                known = ", ".join(row.name for row in rows) or "nothing so far"
                raise errors.NotFound(f"The job {job_uid} made no {name[:80]!r}; it made: {known}.")
            return _readable(work, job, row)

    def of_kind(self, owner_id: int, job_uid: str, kind: str) -> Readable:
        """What is needed to hand out the one artifact of that kind."""
        with self.database.reading(owner_id) as work:
            job, rows = _made(work, job_uid)
            row = next((row for row in rows if row.kind == kind), None)
            if row is None:
                raise errors.NotFound(f"The job {job_uid} is {job.status} and made no {kind}.")
            return _readable(work, job, row)


def _made(work: UnitOfWork, job_uid: str) -> tuple[JobRow, Sequence[ArtifactRow]]:
    job = work.jobs.get_by_id(job_uid)
    return job, work.artifacts.made_by(job.id, without=EXPORT)


def _readable(work: UnitOfWork, job: JobRow, row: ArtifactRow) -> Readable:
    """The download is called as the job is, with the artifact's own ending; composed music has its seed there too."""
    own = PurePath(row.name)
    if job.kind == compose.PIPELINE.name:
        step = work.steps.find(job.id, compose.PIPELINE.steps[0].name)
        part = own.stem if row.kind == compose.STEM else ""
        name = file_name(job.file_name, own.suffix, seed=step.result.get("seed") if step else None, part=part)
    elif job.kind == loudness.PIPELINE.name:
        # The job is called as its recording, which has an ending of its own, or as its song, which has none.
        stem = job.file_name if job.options.get("song_id") else PurePath(job.file_name).stem
        name = f"{stem}{own.suffix}"
    elif job.kind == narrate.PIPELINE.name:
        # Each slide has a sound of its own, and all of them are downloaded into one folder.
        part = f" {own.stem}" if row.kind == SOUND else ""
        name = f"{PurePath(job.file_name).stem}{part}{own.suffix}"
    else:
        name = f"{job.file_name.rstrip('…. ') or own.stem}{own.suffix}"
    return Readable(row.storage_key, row.sha256, row.size_bytes, row.media_type, name)
