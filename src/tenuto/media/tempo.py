"""How fast music goes: how well the moments at which something begins to sound repeat after each possible beat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenuto.domain.music import Tempo
from tenuto.media.music import Sound
from tenuto.media.windows import Windows, window_size

WINDOW_SECONDS, PER_SECOND = 0.05, 100
LOWEST_HZ, HIGHEST_HZ, BANDS = 30.0, 12_000.0, 24
# Longer music has more than one tempo: its first quarter of an hour is heard.
LONGEST_SECONDS, SHORTEST_SECONDS = 900, 5
# What is so far below the loudest sound is not heard, and a beginning is louder than what was two frames before it.
HEARD_DB, RISE_FRAMES = 60.0, 2
SLOWEST_BPM, FASTEST_BPM, STEP_BPM = 50.0, 210.0, 0.1
# A tempo is looked for at so many beats' distance, and at half a beat; the weights of each.
COMB = ((0.5, 0.7), (1, 1.0), (2, 1.0), (3, 0.5), (4, 1.0), (6, 0.4), (8, 0.7))
# Half the tempo nearly always fits as well, since it counts the same beats: this leans to the faster of the two, but
# away from what nobody taps. The width is in octaves.
USUAL_BPM, USUAL_WIDTH = 130.0, 0.9
SAME = 0.04
STEADY = 1e-6  # sound in which nothing begins
# Noise repeats to less than this; what repeats to more than CLEAR and better than any other tempo by FAR is certain.
FAINT, CLEAR, FAR = 0.06, 0.3, 0.3

Curve = npt.NDArray[np.float64]


class TempoMeter:
    """Hears music piece by piece."""

    def __init__(self, rate: int) -> None:
        size, hop = window_size(rate, WINDOW_SECONDS), max(1, round(rate / PER_SECOND))
        self._windows, self._per_second = Windows(size, hop), rate / hop
        edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, 0.45 * rate), BANDS + 1)
        self._edges = np.unique(np.searchsorted(np.arange(size // 2 + 1) * rate / size, edges))
        self._heard: list[Sound] = []
        self._frames = 0

    def hear(self, sound: Sound) -> None:
        """Take the next piece."""
        if self._frames > LONGEST_SECONDS * self._per_second:
            return
        powers = np.square(self._windows.spectra(sound))
        self._frames += len(powers)
        self._heard.append(np.add.reduceat(powers, self._edges, axis=1)[:, :-1])

    def tempo(self) -> Tempo | None:
        """What was found; None where nothing repeats."""
        if self._frames < SHORTEST_SECONDS * self._per_second:
            return None
        likeness = _likeness(_beginnings(np.concatenate(self._heard)), self._per_second)
        if likeness is None:
            return None
        tempi = np.arange(SLOWEST_BPM, FASTEST_BPM, STEP_BPM)
        fits = _comb(likeness, 60 * self._per_second / tempi)
        scores = fits * np.exp(-0.5 * np.square(np.log2(tempi / USUAL_BPM) / USUAL_WIDTH))
        best = int(np.argmax(scores))
        if fits[best] < FAINT:
            return None
        others = scores[np.abs(tempi / tempi[best] - 1) > SAME]
        lead = 1 - max(0.0, float(others.max())) / scores[best]
        confidence = min(1.0, fits[best] / CLEAR) * min(1.0, lead / FAR)
        return Tempo(round(float(tempi[best]), 1), round(float(confidence), 2))


def _beginnings(powers: Sound) -> Curve:
    """How much begins to sound in each frame, over all bands."""
    levels = 10 * np.log10(powers + 1e-10)
    levels = np.maximum(levels, np.percentile(levels, 99.5) - HEARD_DB)
    return np.asarray(np.maximum(0, levels[RISE_FRAMES:] - levels[:-RISE_FRAMES]).mean(axis=1), np.float64)


def _likeness(beginnings: Curve, per_second: float) -> Curve | None:
    """The autocorrelation by distance in frames; 1 is the same again. None when nothing begins."""
    width = int(per_second)
    around = np.convolve(beginnings, np.ones(width) / width, "same")
    curve = np.maximum(0, beginnings - around)
    curve -= curve.mean()
    if np.square(curve).mean() < STEADY:
        return None
    spectrum = np.fft.rfft(curve, 2 * curve.size)
    found = np.fft.irfft(np.square(np.abs(spectrum)))[: curve.size] / np.arange(curve.size, 0, -1)
    return np.asarray(found / found[0])


def _comb(likeness: Curve, beats: Curve) -> Curve:
    """How well the curve repeats after so many frames and their multiples."""
    at = np.arange(likeness.size)
    found = np.zeros(beats.size)
    for multiple, weight in COMB:
        distance = beats * multiple
        found += np.where(distance < 0.6 * likeness.size, weight * np.interp(distance, at, likeness), 0.0)
    return found / sum(weight for _, weight in COMB)
