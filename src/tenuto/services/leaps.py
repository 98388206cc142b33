"""Whether a sweep may go by its clock: one that leaped ahead would make every upload look past its time."""

from __future__ import annotations

from dataclasses import dataclass

from tenuto.db.models import SweepRow

SLACK_SECONDS = 3600.0
LONGEST_GAP_SECONDS = 30 * 86_400.0
STEADY_SECONDS = 86_400.0
FEW_FILES = 10
FORCE = "If that is right, run `tenuto cleanup --force`; `tenuto cleanup --dry-run` shows what would go."


@dataclass(frozen=True)
class Look:
    """What a sweep finds before it removes anything: the clock, the last sweep, and how many files would go."""

    moment: float
    last: SweepRow | None
    expired: int
    files: int

    @property
    def gap_seconds(self) -> float | None:
        """Since the last sweep."""
        return None if self.last is None else self.moment - self.last.at

    def steady_since(self, interval_seconds: float) -> float:
        """Since when sweeps follow each other as they should."""
        gap = self.gap_seconds
        steady = gap is not None and -SLACK_SECONDS <= gap <= 2 * interval_seconds + SLACK_SECONDS
        return self.last.steady_since if self.last is not None and steady else self.moment

    def leap(self) -> str:
        """Why nothing may be removed until a person says so; empty when it may."""
        gap = self.gap_seconds
        if gap is None or gap <= LONGEST_GAP_SECONDS or not self.expired:
            return ""
        days = round(gap / 86_400)
        return f"The last sweep was {days} days ago by the clock, which may have leaped; nothing is removed. {FORCE}"

    def mass(self, interval_seconds: float) -> str:
        """Why so much may not be removed yet: most of the files, while the clock is not known to be steady."""
        if self.expired <= FEW_FILES or 2 * self.expired <= self.files:
            return ""
        if self.moment - self.steady_since(interval_seconds) >= STEADY_SECONDS:
            return ""
        return (
            f"{self.expired} of {self.files} files are past their time at once, and sweeps have not followed each other"
            f" for a day yet, so that the clock may have leaped; nothing is removed until they have. {FORCE}"
        )
