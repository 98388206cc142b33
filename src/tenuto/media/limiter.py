"""A look-ahead limiter: the gain that keeps the true peaks of a sound under a ceiling, found before it is played.

Peaks are looked for between the samples too. The gain begins to fall before a peak comes and is back soon after it; it
has one value for each few samples and is a straight line between them. It is one gain for all channels, so that nothing
moves from one side to the other. Of two hours only the peaks are held, 40 MB; the gains are made as they are needed.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from tenuto.media.floats import Floats

BLOCK = 32  # samples that are looked at together; a step has one such block at the usual rates
USUAL_RATE = 44_100
LOOK_AHEAD_SECONDS, RELEASE_SECONDS = 0.004, 0.08
OVERSAMPLING, TAPS = 4, 24  # as BS.1770 asks for, with more taps than its own
CHUNK_STEPS = 1 << 15
UNTOUCHED = 1 - 1e-6
Peaks = npt.NDArray[np.float32]
Gains = npt.NDArray[np.float64]


def _between() -> Peaks:
    """What a block and its neighbours are multiplied with, to tell the sound between the samples of the block.

    A column for each of the places a quarter, a half and three quarters of the way from a sample to the next.
    """
    places = np.arange(TAPS) - TAPS / 2 + 1
    found = np.zeros((BLOCK + TAPS - 1, BLOCK, OVERSAMPLING - 1))
    for part in range(1, OVERSAMPLING):
        away = places - part / OVERSAMPLING
        taps = np.sinc(away) * (0.5 + 0.5 * np.cos(2 * np.pi * away / TAPS))
        for sample in range(BLOCK):
            found[sample : sample + TAPS, sample, part - 1] = taps / taps.sum()
    return found.reshape(BLOCK + TAPS - 1, -1).astype(np.float32)


BETWEEN = _between()


def step_of(rate: int) -> int:
    """How many samples share one gain."""
    return BLOCK * max(1, round(rate / USUAL_RATE))


def peaks(pieces: Iterable[Floats], rate: int) -> Peaks:
    """The highest true peak of each step, whatever the channel."""
    step = step_of(rate)
    found = array("f")
    held: Floats | None = None  # what comes before the next piece: its neighbours, and a step that is not whole
    for piece in pieces:
        sound = np.pad(piece, ((TAPS, 0), (0, 0))) if held is None else np.concatenate([held, piece])
        steps = (len(sound) - 2 * TAPS) // step
        if steps > 0:
            found.frombytes(_highest(sound[: 2 * TAPS + steps * step], step).tobytes())
        held = sound[max(0, steps) * step :]
    if held is not None and len(held) > TAPS:
        rest = len(held) - TAPS
        found.frombytes(_highest(np.pad(held, ((0, TAPS + -rest % step), (0, 0))), step).tobytes())
    return np.frombuffer(found, np.float32) if found else np.zeros(0, np.float32)


def _highest(sound: Floats, step: int) -> Peaks:
    """The peak of each step of what lies between the first and the last `TAPS` samples."""
    highest = np.zeros((len(sound) - 2 * TAPS) // BLOCK, np.float32)
    for channel in np.ascontiguousarray(sound.T):
        around = channel[TAPS // 2 + 1 : len(channel) - TAPS // 2]
        blocks = np.lib.stride_tricks.sliding_window_view(around, BLOCK + TAPS - 1)[::BLOCK]
        for heights in (np.ascontiguousarray(blocks) @ BETWEEN, channel[TAPS:-TAPS].reshape(-1, BLOCK)):
            np.maximum(highest, heights.max(axis=1), out=highest)
            np.maximum(highest, -heights.min(axis=1), out=highest)
    return np.asarray(highest.reshape(-1, step // BLOCK).max(axis=1), np.float32)


@dataclass(frozen=True)
class Limiter:
    """A factor for all of a sound, and what keeps its peaks under a ceiling then."""

    peaks: Peaks
    rate: int
    factor: float
    ceiling: float

    @property
    def reduction(self) -> float:
        """The share of its height that is left of the highest peak; 1 when nothing is limited."""
        return min(1.0, self.ceiling / max(float(self.peaks.max(initial=0.0)) * self.factor, 1e-9))

    def gains(self) -> Iterator[Gains]:
        """The gain of each step, in chunks of any length."""
        reach = max(1, round(LOOK_AHEAD_SECONDS * self.rate / step_of(self.rate)))
        width = 2 * reach + 1
        back = -step_of(self.rate) / (RELEASE_SECONDS * self.rate)
        last, held = -math.inf, np.zeros(0)
        for start in range(0, self.peaks.size, CHUNK_STEPS):
            end = min(start + CHUNK_STEPS, self.peaks.size)
            depths = _recovered(self._deepest(start, end, reach + 1), last, back)
            last = float(np.log(depths[-1])) if depths[-1] else -math.inf
            if not start:
                held = np.full(reach, depths[0])
            held = np.concatenate([held, depths, np.full(reach if end == self.peaks.size else 0, depths[-1])])
            sums = np.cumsum(np.pad(held, (1, 0)))
            yield np.minimum(1 - (sums[width:] - sums[:-width]) / width, 1.0)
            held = held[max(0, held.size - 2 * reach) :]

    def _deepest(self, start: int, end: int, reach: int) -> Gains:
        """What must be taken away from each of some steps and its neighbours on both sides."""
        first = max(0, start - reach)
        heights = self.peaks[first : end + reach].astype(np.float64) * self.factor
        needed = 1 - np.minimum(1.0, self.ceiling / np.maximum(heights, 1e-9))
        padded = np.pad(needed, (reach - (start - first), reach - (min(end + reach, self.peaks.size) - end)), "edge")
        found = padded[: end - start].copy()
        for shift in range(1, 2 * reach + 1):
            np.maximum(found, padded[shift : shift + end - start], out=found)
        return found

    def limited(self, pieces: Iterable[Floats]) -> Iterator[Floats]:
        """The pieces times the factor and times the gain of each moment."""
        step = step_of(self.rate)
        chunks = chain(self.gains(), [None])
        line, first, at, more = np.zeros(0), 0, 0, self.peaks.size > 0
        for piece in pieces:
            # Only the gains around the piece: the whole line would be read again for each of them.
            past = max(0, at // step - 1 - first)
            line, first = line[past:], first + past
            while more and first + line.size < (at + len(piece)) // step + 2:
                chunk = next(chunks)
                more = chunk is not None
                line = line if chunk is None else np.concatenate([line, chunk])
            yield self._times(piece, line, at - first * step)
            at += len(piece)

    def _times(self, piece: Floats, line: Gains, start: int) -> Floats:
        """A piece that begins `start` samples after the first step of the line."""
        if line.min(initial=1.0) >= UNTOUCHED:
            return np.asarray(piece * np.float32(self.factor), np.float32)
        middles = (np.arange(line.size) + 0.5) * step_of(self.rate)
        gain = np.interp(np.arange(start, start + len(piece)), middles, line) * self.factor
        return np.asarray(piece * gain.astype(np.float32)[:, None], np.float32)


def _recovered(depths: Gains, last: float, back: float) -> Gains:
    """Each depth, or what is left by then of an earlier one; `last` and `back` are logarithms.

    What fades by the same share each step stays the same beside a line that falls as fast: the greatest so far is it.
    """
    falling = back * np.arange(1, depths.size + 1)
    with np.errstate(divide="ignore"):
        above = np.log(depths) - falling
    return np.asarray(np.exp(np.maximum(np.maximum.accumulate(above), last) + falling))
