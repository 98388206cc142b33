"""What key music is in: how much of each note sounds in it, held against what major and minor keys are made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenuto.domain.music import MODES, NOTES, Key
from tenuto.media.music import Sound
from tenuto.media.windows import Windows, window_size

WINDOW_SECONDS, SHORTEST_SECONDS = 0.6, 3.0
LOWEST_HZ, OCTAVES, PER_NOTE = 65.406, 5, 3  # from C2
PER_OCTAVE = 12 * PER_NOTE
# What stands out of so many filters on both sides by this factor is a note; the rest is drums.
AROUND, STANDS_OUT = 9, 1.6
# Soft notes count nearly as much as loud ones: a key is made of all of them.
LOUDNESS_POWER = 0.35
# How much of each note there is, counted from the tonic. Notes outside of the scale are not expected at all.
PROFILES = (
    (5.0, 0.0, 2.0, 0.0, 3.0, 2.0, 0.0, 4.0, 0.0, 2.0, 0.0, 1.5),
    (5.0, 0.0, 2.0, 3.0, 0.0, 2.0, 0.0, 4.0, 2.0, 0.0, 1.5, 0.8),
)
# Noise has all notes nearly alike; a key that fits badly, or hardly better than the next one, is uncertain.
FLAT, LEAST_FIT, GOOD_FIT, FAR = 0.4, 0.5, 0.8, 0.2
LEAST_CERTAIN = 0.05  # below, it would be a guess: a single note belongs to many keys

Notes = npt.NDArray[np.float64]


class KeyMeter:
    """Hears music piece by piece."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        size = window_size(rate, WINDOW_SECONDS)
        self._windows = Windows(size, size // 2)
        self._filters = _filters(rate, size)
        self._sum, self._count = np.zeros(OCTAVES * PER_OCTAVE), 0

    def hear(self, sound: Sound) -> None:
        """Take the next piece."""
        spectra = self._windows.spectra(sound)
        if not len(spectra):
            return
        bands = spectra[:, : len(self._filters)] @ self._filters
        wide = np.pad(bands, ((0, 0), (AROUND, AROUND)), "edge")
        floor = np.median(np.lib.stride_tricks.sliding_window_view(wide, 2 * AROUND + 1, axis=1), axis=2)
        self._sum += (np.maximum(0, bands - STANDS_OUT * floor) ** LOUDNESS_POWER).sum(axis=0)
        self._count += len(spectra)

    def key(self) -> Key | None:
        """What was found; None where there are no notes."""
        if self._count * self._windows.hop < SHORTEST_SECONDS * self._rate or not self._sum.any():
            return None
        notes = _notes(self._sum / self._count)
        if notes.std() < FLAT * notes.mean():
            return None
        fits = [
            (float(np.corrcoef(np.roll(profile, tonic), notes)[0, 1]), f"{NOTES[tonic]} {mode}")
            for profile, mode in zip(PROFILES, MODES, strict=True)
            for tonic in range(12)
        ]
        (fit, name), (next_fit, _) = sorted(fits, reverse=True)[:2]
        certain = np.clip((fit - LEAST_FIT) / (GOOD_FIT - LEAST_FIT), 0, 1) * np.clip((fit - next_fit) / FAR, 0, 1)
        return Key(name, round(float(certain), 2)) if certain >= LEAST_CERTAIN else None


def _filters(rate: int, size: int) -> Sound:
    """Triangles of one width in semitones, but never narrower than what the transform can tell apart."""
    highest = LOWEST_HZ * 2 ** (OCTAVES + 0.2)
    hertz = np.arange(min(size // 2, int(highest * size / rate)) + 1) * rate / size
    places = PER_OCTAVE * np.log2(np.maximum(hertz, 1.0) / LOWEST_HZ)
    centres = np.arange(OCTAVES * PER_OCTAVE)
    width = np.maximum(1.0, 0.75 * PER_OCTAVE * np.log2(1 + rate / size / (LOWEST_HZ * 2 ** (centres / PER_OCTAVE))))
    found = np.maximum(0, 1 - np.abs(places[:, None] - centres) / width)
    return np.asarray(found / found.sum(axis=0), np.float32)


def _notes(bands: Notes) -> Notes:
    """How much of each of the twelve notes, after the tuning of the music was found and made up for."""
    places = np.arange(bands.size)
    mistuned = -np.angle(np.sum(bands * np.exp(-2j * np.pi * places / PER_NOTE))) / (2 * np.pi) * PER_NOTE
    tuned = np.interp(places + mistuned, places, bands)
    smooth = np.roll(tuned, 1) + 2 * tuned + np.roll(tuned, -1)
    return np.asarray(smooth[::PER_NOTE].reshape(OCTAVES, 12).sum(axis=0))
