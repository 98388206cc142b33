"""From groups of windows to who speaks when: each stretch of speech is shared out so that voices change seldom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tenuto.domain.speakers import Turn
from tenuto.engines.speech import Span

STEP_SECONDS = 0.1
# How much likelier another voice must be, summed over steps, before the speaker changes.
SHARPNESS, COST_OF_CHANGE = 20.0, 8.0

Floats = npt.NDArray[np.float32]


def share_out(spans: Sequence[Span], middles: Sequence[Floats], likeness: Sequence[Floats]) -> list[Turn]:
    """Turns of the voices; for each span the middles of its windows and each window's likeness to each voice."""
    found: list[Turn] = []
    for span, times, scores in zip(spans, middles, likeness, strict=True):
        found.extend(_turns_of(span, times, scores))
    return list(numbered(merged(found)))


def _turns_of(span: Span, times: Floats, scores: Floats) -> Iterator[Turn]:
    steps = max(1, round(span.length / STEP_SECONDS))
    moments = span.start + (np.arange(steps) + 0.5) * STEP_SECONDS
    gains = np.stack([np.interp(moments, times, scores[:, voice]) for voice in range(scores.shape[1])], axis=1)
    voices = most_likely_path(gains * SHARPNESS, COST_OF_CHANGE)
    changes = [0, *(np.flatnonzero(np.diff(voices)) + 1).tolist(), steps]
    for first, last in pairwise(changes):
        start = span.start + first * STEP_SECONDS
        end = span.end if last == steps else span.start + last * STEP_SECONDS
        yield Turn(round(start * 1000), round(max(start, end) * 1000), int(voices[first]))


def most_likely_path(gains: npt.NDArray[np.float64], cost: float) -> npt.NDArray[np.int64]:
    """The state for each step with the greatest sum of gains, less `cost` for each change (Viterbi)."""
    steps, states = gains.shape
    back = np.zeros((steps, states), np.int64)
    total = gains[0]
    stay = np.arange(states)
    for step in range(1, steps):
        best = int(total.argmax())
        change = total[best] - cost > total
        back[step] = np.where(change, best, stay)
        total = np.where(change, total[best] - cost, total) + gains[step]
    path = np.empty(steps, np.int64)
    path[-1] = int(total.argmax())
    for step in range(steps - 1, 0, -1):
        path[step - 1] = back[step, path[step]]
    return path


def merged(turns: Iterable[Turn], within_ms: int = 0) -> Iterator[Turn]:
    """Join turns of one voice that touch, or lie no further apart than that."""
    held: Turn | None = None
    for turn in turns:
        if held is not None and turn.speaker == held.speaker and turn.start_ms - held.end_ms <= within_ms:
            held = Turn(held.start_ms, max(held.end_ms, turn.end_ms), held.speaker)
            continue
        if held is not None:
            yield held
        held = turn
    if held is not None:
        yield held


def numbered(turns: Iterable[Turn]) -> Iterator[Turn]:
    """The same turns, with voices numbered in the order in which they are first heard."""
    numbers: dict[int, int] = {}
    for turn in turns:
        yield Turn(turn.start_ms, turn.end_ms, numbers.setdefault(turn.speaker, len(numbers)))
