"""Marks what an engine may have made up, by its words and by the sound they stand over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tenuto import errors
from tenuto.domain import guard
from tenuto.domain.transcripts import FLAGS, Transcript
from tenuto.pipelines.base import Outcome, Steps

GUARDED = ("repeated", "over_silence")


def guarded(steps: Steps, heard: Transcript, wav: Path) -> Outcome:
    """What was heard, with its doubtful segments flagged, and how many there are."""
    levels: Sequence[int] = ()
    warnings: list[str] = []
    try:
        levels = steps.media.levels(wav)
    except (errors.TenutoError, OSError) as error:  # What was heard is worth more than a doubt about it.
        warnings.append(f"Whether words stand over silence was not looked at: {error}")
    marked = guard.guard(heard, levels)
    counts = guard.count_flags(marked)
    found = {flag: counts.get(flag, 0) for flag in GUARDED}
    total = len(marked.segments)
    warnings += [
        f"{count} of {total} segments may be made up ({FLAGS[flag]}); they are flagged, not removed."
        for flag, count in found.items()
        if count
    ]
    return Outcome({"flags": found}, transcript=marked, details={"guard": found}, warnings=tuple(warnings))
