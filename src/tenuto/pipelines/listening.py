"""Listening for known words, stretch by stretch, in parts that are never listened to twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from tenuto.domain.alignment import Stretch, Timed, fits
from tenuto.domain.transcripts import Transcript
from tenuto.pipelines import sound
from tenuto.pipelines.base import Kept, Steps

ENGINE = "pocketsphinx-align"
PART_MS = 300_000  # of sound in one part
LOADING_SECONDS, SLOWEST = 300.0, 5.0


def listen(steps: Steps, stretches: Sequence[Stretch], language: str | None) -> None:
    """Find the times of all words and keep them as the parts of this step."""
    batches = _batches(stretches)
    audio = sound.decoded(steps)

    def call(some: Sequence[Stretch], tell: Callable[[float], None]) -> list[list[list[Timed]]]:
        payload = {
            "engine": ENGINE,
            "config": steps.engines.to_json(),
            "audio": str(audio),
            "language": language,
            "stretches": [asdict(stretch) for stretch in some],
        }
        patience = LOADING_SECONDS + SLOWEST * sum(map(_length, some)) / 1000
        done = steps.call(f"engine:{ENGINE}", "tenuto.engines.work:align", payload, tell, timeout_seconds=patience)
        return [[[Timed(*time) for time in times] for times in segments] for segments in done["times"]]

    def part(index: int, tell: Callable[[float], None]) -> Kept:
        found: list[dict[str, Any]] = []
        again: list[Stretch] = []
        for stretch, segments in zip(batches[index], call(batches[index], tell), strict=True):
            # A segment that is not said as it stands can lead its neighbours astray: it is looked for by itself.
            alone = stretch.apart() if len(stretch.positions) > 1 else []
            again += [single for single, times in zip(alone, segments, strict=False) if not fits(times)]
            found += _kept(stretch, segments)
        if again:
            for stretch, segments in zip(again, call(again, tell), strict=True):
                found += _kept(stretch, segments)
        return Kept({"segments": found})

    steps.each([float(sum(map(_length, batch))) for batch in batches], part, at_once=steps.parallel)


def heard_times(steps: Steps, step: str) -> dict[int, tuple[tuple[str, ...], list[Timed]]]:
    """What the parts of a step found: position → (words, their times); the last try counts."""
    return {
        segment["position"]: (tuple(segment["words"]), [Timed(*time) for time in segment["times"]])
        for part in steps.parts_of(step)
        for segment in part["segments"]
    }


def told(before: Transcript, after: Transcript, found: dict[int, Any], language: str | None) -> dict[str, Any]:
    """How many words were timed, and how, for the transcript's details."""
    changed = [after.segments[position] for position in found]
    return {
        "engine": ENGINE,
        "language": language,
        "segments": len(changed),
        "words": sum(len(segment.words) for segment in changed),
        "guessed_segments": sum("guessed_times" in segment.flags for segment in changed),
        "unmatched_segments": sum("unmatched" in segment.flags for segment in changed),
        "of_segments": len(before.segments),
    }


def _batches(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    found: list[list[Stretch]] = []
    for stretch in stretches:
        if not found or sum(map(_length, found[-1])) + _length(stretch) > PART_MS:
            found.append([])
        found[-1].append(stretch)
    return found


def _length(stretch: Stretch) -> int:
    return stretch.end_ms - stretch.start_ms


def _kept(stretch: Stretch, segments: Sequence[Sequence[Timed]]) -> list[dict[str, Any]]:
    return [
        {"position": position, "words": words, "times": [[time.start_ms, time.end_ms, time.score] for time in times]}
        for position, words, times in zip(stretch.positions, stretch.words, segments, strict=True)
    ]
