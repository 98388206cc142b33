"""The life of a job: its statuses, who may follow whom, and when to try again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tenuto import errors


class JobStatus(StrEnum):
    """Where a job stands."""

    UPLOADED = "uploaded"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more happens unless a person asks for it."""
        return self in FINISHED

    def can_transition_to(self, target: JobStatus) -> bool:
        """Whether the move is allowed."""
        return target in TRANSITIONS[self]

    def to(self, target: JobStatus) -> JobStatus:
        """Return the target, or raise when the move is not allowed."""
        if not self.can_transition_to(target):
            raise errors.InvalidTransition(f"A job that is {self} cannot become {target}.", old=self, new=target)
        return target


FINISHED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})

# `failed` and `cancelled` go back to `queued` only when a person asks for a retry; `processing` goes back when its
# worker was lost.
TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.UPLOADED: frozenset({JobStatus.QUEUED, JobStatus.CANCELLED, JobStatus.FAILED}),
    JobStatus.QUEUED: frozenset({JobStatus.PROCESSING, JobStatus.CANCELLED, JobStatus.FAILED}),
    JobStatus.PROCESSING: frozenset(
        {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.QUEUED},
    ),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.QUEUED}),
    JobStatus.CANCELLED: frozenset({JobStatus.QUEUED}),
}


@dataclass(frozen=True)
class RetryPolicy:
    """Whether and when a step that failed is tried again: one pure decision."""

    max_attempts: int = 4
    first_delay_seconds: float = 2.0
    factor: float = 3.0
    max_delay_seconds: float = 120.0
    max_asked_seconds: float = 3600.0  # a service may ask for a longer pause than we would make

    def delay_seconds(self, error: BaseException, attempt: int) -> float | None:
        """Seconds to wait after attempt number `attempt` failed, or None to give up."""
        if not isinstance(error, errors.TenutoError) or attempt >= self.max_attempts:
            return None
        # An error of a family that passes may say of itself that it will not: a bucket that does not exist.
        if not error.details.get("retryable", error.retryable):
            return None
        asked = error.details.get("retry_after_seconds")
        delay = min(self.first_delay_seconds * self.factor ** (attempt - 1), self.max_delay_seconds)
        if isinstance(asked, int | float):
            return max(delay, min(float(asked), self.max_asked_seconds))
        # An account without money fills within minutes at best: asking sooner is only noise.
        return self.max_delay_seconds if isinstance(error, errors.RemoteQuota) else delay


def eta_seconds(progress_now: float, progress_then: float, elapsed_seconds: float) -> float | None:
    """Seconds left at the pace since `progress_then`, or None while nobody can know."""
    gained = progress_now - progress_then
    if gained < 1.0 or elapsed_seconds <= 0 or progress_now >= 100:  # noqa: PLR2004 - percent
        return None
    return (100.0 - progress_now) * elapsed_seconds / gained
