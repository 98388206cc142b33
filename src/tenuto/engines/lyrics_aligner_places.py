"""Where lines may stand when nobody heard their words: over the sung parts, each as long as it has syllables.

Dynamic programming over half-tenths of a second: a line likes to begin where the voice sets in, to lie where somebody
sings, and to last as long as its share of the words. Right to a second or so at best; it never says more of itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tenuto.domain.wording import letters
from tenuto.engines.lyrics_aligner_voice import FRAME_MS, Voice

HOP_FRAMES = 5
HOP_MS = HOP_FRAMES * FRAME_MS
PACES = (0.7, 1.0, 1.4)  # times the pace at which all words would just fill all that is sung
LENGTHS = np.exp(np.linspace(np.log(0.5), np.log(2.0), 15))  # of a line, times what is expected
LEVEL_DB = 12.0  # over or under the border, that is as sure as it gets
SETS_IN = 1.5  # what a beginning where the voice sets in is worth, in hops of singing
OFF_LENGTH = 6.0
MOST_CELLS = 6_000_000  # lines times hops: 50 MB; what is longer is shared out
SIDE = 4  # hops before and behind a beginning that are compared

Floats = npt.NDArray[np.float64]
Span = tuple[int, int]


def syllables(line: str) -> int:
    """About how many syllables a line has."""
    bare = unicodedata.normalize("NFKD", line.lower())
    groups = len(re.findall("(?:[aeiouy][\u0300-\u036f]*)+", bare))
    return max(1, groups or round(letters(line) / 2))


def place(voice: Voice, weights: Sequence[int], start_ms: int, end_ms: int) -> list[Span]:
    """A start and an end in milliseconds for each line, in order, between `start_ms` and `end_ms`."""
    first, last = start_ms // FRAME_MS // HOP_FRAMES, end_ms // FRAME_MS // HOP_FRAMES
    evidence = _evidence(voice)[first:last]
    too_much = len(evidence) * len(weights) > MOST_CELLS
    if too_much or len(evidence) < 2 * len(weights) or not (evidence > 0).any():
        return evenly(weights, start_ms, end_ms)
    sung = float((evidence > 0).sum())
    unit = sung / sum(weights)
    _, places = max(_best(evidence, [unit * pace * weight for weight in weights]) for pace in PACES)
    return [
        (max(start_ms, (first + begin) * HOP_MS), min(end_ms, max(start_ms, (first + end) * HOP_MS)))
        for begin, end in places
    ]


def evenly(weights: Sequence[int], start_ms: int, end_ms: int) -> list[Span]:
    """Shares of a stretch by weight."""
    edges = np.concatenate([[0], np.cumsum(weights)]) / max(1, sum(weights))
    times = (start_ms + edges * max(0, end_ms - start_ms)).astype(int).tolist()
    return list(pairwise(times))


def _evidence(voice: Voice) -> Floats:
    """From -1, nobody sings, to 1, somebody surely does, for each hop."""
    hops = len(voice.level) // HOP_FRAMES
    level = voice.level[: hops * HOP_FRAMES].reshape(hops, HOP_FRAMES).mean(axis=1)
    sings = voice.sings[: hops * HOP_FRAMES].reshape(hops, HOP_FRAMES).mean(axis=1)
    return np.asarray(np.clip(level / LEVEL_DB, -1, 1) * 0.5 + (sings - 0.5), np.float64)


def _best(evidence: Floats, expected: Sequence[float]) -> tuple[float, list[Span]]:
    """The value of the best places for lines of these lengths, and the places, in hops."""
    size = len(evidence) + 1
    total = np.concatenate([[0.0], np.cumsum(evidence)])
    sets_in = _onsets(evidence)
    before, back = np.zeros(size), []
    for length in expected:
        value, begins = np.full(size, -np.inf), np.zeros(size, np.int32)
        for factor in LENGTHS:
            hops = max(1, round(length * factor))
            if hops >= size:
                continue
            start = np.arange(size - hops)
            found = before[start] + total[start + hops] - total[start] + sets_in[start]
            found -= OFF_LENGTH * np.log(hops / length) ** 2
            better = found > value[hops:]
            value[hops:][better] = found[better]
            begins[hops:][better] = start[better]
        before = np.maximum.accumulate(value)
        ends = np.maximum.accumulate(np.where(value >= before, np.arange(size, dtype=np.int32), 0))
        back.append((ends, begins))
    if not np.isfinite(before[-1]):
        weights = [max(1, round(length)) for length in expected]
        return -1e300, evenly(weights, 0, len(evidence))
    places, at = [], size - 1
    for ends, begins in reversed(back):
        end = int(ends[at])
        at = int(begins[end])
        places.append((at, end))
    return float(before[-1]), places[::-1]


def _onsets(evidence: Floats) -> Floats:
    """How much more is sung behind a moment than before it."""
    padded = np.concatenate([np.full(SIDE, -1.0), evidence, np.full(SIDE + 1, -1.0)])
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    middle = np.arange(SIDE, SIDE + len(evidence) + 1)
    after, ahead = sums[middle + SIDE] - sums[middle], sums[middle] - sums[middle - SIDE]
    return np.asarray(SETS_IN * (after - ahead) / SIDE, np.float64)
