"""What the rest of tenuto asks of the durable engine, and what the engine asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tenuto.db.models import JobRow
from tenuto.db.work import UnitOfWork
from tenuto.errors import TenutoError


@dataclass(frozen=True)
class Lane:
    """A queue of one resource class. Short and long work never share one."""

    name: str
    per_worker: int
    everywhere: int | None = None  # at most this many at once over all workers


class JobRunner(Protocol):
    """What a worker does with a job; every verb may be repeated after a crash."""

    def begin(self, job_uid: str) -> Sequence[str]:
        """Claim the job and return the names of its steps; none when there is nothing to do."""
        ...

    def run_step(self, job_uid: str, step: str) -> None:
        """Run a step, unless it has finished before."""
        ...

    def finish(self, job_uid: str) -> None:
        """All steps are done."""
        ...

    def fail(self, job_uid: str, error: TenutoError) -> None:
        """A step gave up."""
        ...

    def let_go(self, job_uid: str) -> None:
        """Another worker holds the job, or nobody wants it any more."""
        ...


class JobQueue(Protocol):
    """The durable engine's verbs."""

    def enqueue(self, work: UnitOfWork, job: JobRow) -> None:
        """Queue the job in the very transaction that writes its row."""
        ...

    def cancel(self, job_uid: str) -> None:
        """Take a job that nobody runs out of its queue."""
        ...

    def retry(self, job: JobRow) -> None:
        """Queue a finished job again; its finished steps stay finished."""
        ...

    def forget(self, job_uids: Sequence[str]) -> None:
        """Drop all the engine knows of jobs that were deleted."""
        ...

    def forget_ended_before(self, moment: datetime) -> int:
        """Drop the engine's record of what ended long ago; a retry works without it."""
        ...
