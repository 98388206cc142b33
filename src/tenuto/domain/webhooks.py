"""What webhooks are told, how it is signed, and when it is told again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from tenuto.domain.jobs import JobStatus

EVENTS = {
    JobStatus.QUEUED: "job.queued",
    JobStatus.PROCESSING: "job.started",
    JobStatus.COMPLETED: "job.completed",
    JobStatus.FAILED: "job.failed",
    JobStatus.CANCELLED: "job.cancelled",
}
FINAL = frozenset({"job.completed", "job.failed", "job.cancelled"})
TEST = "webhook.test"

LONGEST_PAUSE_SECONDS = 1800.0  # Once a receiver is back, what waited for it comes within this.
GIVE_UP_AFTER = 50  # failures in a row; with pauses of that length it is about a day
JITTER = 0.2


def wants(events: Sequence[str], event: str) -> bool:
    """Whether a webhook asked for an event; one that named none is told how jobs end."""
    return event in (events or FINAL)


def sign(body: bytes, moment: int, secrets: Sequence[str]) -> str:
    """The signature header: when it was made, and one HMAC per secret."""
    signed = f"{moment}.".encode() + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={moment}", *(f"v1={mark}" for mark in marks)])


def next_delay(attempts: int, delays: Sequence[float], chance: float) -> float | None:
    """Seconds until a delivery is tried again after that many attempts, or None to give up; `chance` is in [0, 1)."""
    if attempts > len(delays):
        return None
    return spread(delays[attempts - 1], chance)


def pause(failures: int, delays: Sequence[float], chance: float) -> float:
    """Seconds for which nothing is sent to a receiver that failed that often in a row."""
    longest = delays[min(failures, len(delays)) - 1] if delays else LONGEST_PAUSE_SECONDS
    return spread(min(longest, LONGEST_PAUSE_SECONDS), chance)


def spread(seconds: float, chance: float) -> float:
    """The delay, a little shorter or longer, so that not everything comes back at once."""
    return seconds * (1 + JITTER * (2 * chance - 1))
