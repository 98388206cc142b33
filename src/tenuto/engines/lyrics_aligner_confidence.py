"""How sure it is that a line is sung where it was placed: its sound, whether a voice is there, and its pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from tenuto.domain.alignment import Timed

# The mean score of a frame: lines that are sung have -11 to -24, others -34 and below.
MIDDLE, WIDTH = -28.0, 3.0
SUNG_SHARE = 0.5  # of a line, that must be voice
FASTEST, TOO_FAST = 8.0, 14.0  # syllables a second
NOT_HEARD = 0.25  # at most, for a line that was placed by loudness alone


@dataclass(frozen=True)
class Evidence:
    """What speaks for a line's place."""

    score: float | None  # mean score of its frames; None when its words were not heard
    voice: float  # share of it that is sung
    pace: float  # syllables a second
    beside_band: float | None = None  # how sure a line is that was heard through a band


def score_of(times: Sequence[Timed]) -> float | None:
    """The mean score of the frames of a line's words."""
    heard = [(time.score, max(1, time.end_ms - time.start_ms)) for time in times if time.score is not None]
    weight = sum(length for _, length in heard)
    return sum(score * length for score, length in heard) / weight if heard else None


def confidence(evidence: Evidence) -> float:
    """From 0, it is not sung there, to 1."""
    if evidence.beside_band is not None:
        return evidence.beside_band
    voiced = min(1.0, evidence.voice / SUNG_SHARE)
    if evidence.score is None:
        return NOT_HEARD * voiced
    fits = 1 / (1 + exp(min(50.0, max(-50.0, (MIDDLE - evidence.score) / WIDTH))))
    slow_enough = min(1.0, max(0.0, (TOO_FAST - evidence.pace) / (TOO_FAST - FASTEST)))
    return fits * voiced * slow_enough
