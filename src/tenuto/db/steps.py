"""Records of finished steps; the unique key (job, step, part) is why none is ever kept twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from tenuto import errors
from tenuto.db.models import JobRow, JobStepRow, now
from tenuto.db.repository import Repository
from tenuto.domain.jobs import JobStatus

WHOLE = -1
"""The part number of a step's own record, beside those of its parts."""


@dataclass(frozen=True)
class Finished:
    """What is written down when a step, or a part of one, is done."""

    step: str
    part: int
    started_at: datetime
    result: dict[str, Any]


class StepRepository(Repository[JobStepRow]):
    """Steps' visible records."""

    model = JobStepRow
    noun = "step"

    def record(self, job: JobRow, worker_id: str, finished: Finished) -> None:
        """Keep a finished step, if this worker still holds the job."""
        self._require_held(job, worker_id)
        row = JobStepRow(
            owner_id=job.owner_id,
            job_id=job.id,
            worker_id=worker_id,
            step=finished.step,
            part=finished.part,
            started_at=finished.started_at,
            result=finished.result,
        )
        self.add(row)

    def note(self, job: JobRow, worker_id: str, noted: Finished) -> None:
        """Keep what is known of a part so far; a later note takes its place."""
        row = self.find(job.id, noted.step, noted.part)
        if row is None:
            self.record(job, worker_id, noted)
        else:
            self._require_held(job, worker_id)
            self.update(row, worker_id=worker_id, finished_at=now(), result=noted.result)

    def _require_held(self, job: JobRow, worker_id: str) -> None:
        held = (JobRow.id == job.id, JobRow.worker_id == worker_id, JobRow.status == JobStatus.PROCESSING)
        touch = update(JobRow).where(*held).values(updated_at=now()).execution_options(synchronize_session=False)
        if self.session.execute(touch).rowcount != 1:  # type: ignore[attr-defined]
            raise errors.Fenced(f"Job {job.uid} is no longer held by worker {worker_id}; its result is dropped.")

    def find(self, job_id: int, step: str, part: int = WHOLE) -> JobStepRow | None:
        """The record of a step, if it finished."""
        wanted = select(JobStepRow).where(JobStepRow.job_id == job_id, JobStepRow.step == step, JobStepRow.part == part)
        return self.session.scalars(wanted).one_or_none()

    def finished_parts(self, job_id: int, step: str) -> set[int]:
        """Numbers of the parts that are done."""
        wanted = select(JobStepRow.part).where(JobStepRow.job_id == job_id, JobStepRow.step == step)
        return {part for part in self.session.scalars(wanted) if part != WHOLE}

    def of_job(self, job_id: int) -> Sequence[JobStepRow]:
        """All records of a job in the order they were made."""
        return self.session.scalars(select(JobStepRow).where(JobStepRow.job_id == job_id).order_by(JobStepRow.id)).all()
