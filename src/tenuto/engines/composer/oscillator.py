"""One oscillator for every pitched instrument: how loud each harmonic is as time passes, read off as a wave.

The harmonics of a note are summed once into a table of single waves, one for each of a few moments; the note is read
from it, sliding from moment to moment. No harmonic lies above half the rate, so nothing folds back.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Curve = npt.NDArray[np.float64]
Spectrum = Callable[[Curve, Curve, float], Curve]
"""Takes harmonics (1, 2, 3 ...) as a row, moments in seconds as a column, and the hertz of the first harmonic; returns
how loud each harmonic is at each moment."""

WAVE = 1024  # samples of a single wave
MOMENTS = 20
HIGHEST = 0.45  # of the rate


def tone(spectrum: Spectrum, hertz: Curve, rate: int) -> Floats:
    """A note whose first harmonic has a frequency at each sample."""
    highest = float(hertz.max())
    count = max(1, min(WAVE // 2 - 1, int(HIGHEST * rate / highest)))
    seconds = hertz.size / rate
    # Much happens at the beginning of a note: half of the moments are in its first quarter.
    moments = seconds * np.square(np.linspace(0, 1, MOMENTS))[:, None]
    loud = spectrum(np.arange(1.0, count + 1)[None, :], moments, float(hertz[-1]))
    bins = np.zeros((MOMENTS, WAVE // 2 + 1), np.complex128)
    bins[:, 1 : count + 1] = -0.5j * WAVE * loud
    waves = np.fft.irfft(bins, WAVE, axis=1)
    table = np.concatenate([waves, waves[:, :1]], axis=1).astype(np.float32)
    turns = np.cumsum(hertz / rate)
    place = np.sqrt(np.arange(hertz.size) / hertz.size) * (MOMENTS - 1)
    return _read(table, turns, place)


def _read(table: Floats, turns: Curve, place: Curve) -> Floats:
    """The table at fractions of a wave, and between two moments."""
    width = table.shape[1]
    across = (turns - np.floor(turns)) * (width - 1)
    column = across.astype(np.int32)
    row = place.astype(np.int32)
    start = row * width + column
    right, down = (across - column).astype(np.float32), (place - row).astype(np.float32)
    flat: Floats = table.ravel()
    above: Floats = flat[start]
    above += (flat[start + 1] - above) * right
    start += width
    below = flat[start]
    below += (flat[start + 1] - below) * right
    above += (below - above) * down
    return above


def saw(harmonics: Curve) -> Curve:
    """Every harmonic, as a bow or a reed makes them."""
    return 1 / harmonics


def square(harmonics: Curve) -> Curve:
    """Every second harmonic: hollow."""
    return np.where(harmonics % 2 == 1, 1 / harmonics, 0.0)


def pulse(harmonics: Curve) -> Curve:
    """A narrow rectangle, as of the first video games."""
    return np.sin(np.pi * harmonics / 4) / harmonics


def filtered(
    wave: Callable[[Curve], Curve], opened: float, rest: float, fall: float, steepness: float = 2.0
) -> Spectrum:
    """A wave through a filter that goes from `opened` hertz to `rest`, most of the way within `fall` seconds."""

    def spectrum(harmonics: Curve, moments: Curve, hertz: float) -> Curve:
        edge = rest + (opened - rest) * np.exp(-moments / fall)
        return np.asarray(wave(harmonics) / np.sqrt(1 + (harmonics * hertz / edge) ** (2 * steepness)))

    return spectrum


def plucked(brightness: float, fade: float, damping: float, at: float) -> Spectrum:
    """A string set free `at` a part of its length; high harmonics fade soonest."""

    def spectrum(harmonics: Curve, moments: Curve, hertz: float) -> Curve:
        struck = np.abs(np.sin(np.pi * harmonics * at)) / harmonics**brightness
        return np.asarray(struck * np.exp(-moments * (fade + damping * harmonics) * (hertz / 220) ** 0.5))

    return spectrum


def drawbars(*levels: float) -> Spectrum:
    """Harmonics at fixed levels, as of an organ."""

    def spectrum(harmonics: Curve, moments: Curve, hertz: float) -> Curve:
        del hertz
        found = np.zeros((moments.size, harmonics.size))
        count = min(len(levels), harmonics.size)
        found[:, :count] = levels[:count]
        return found

    return spectrum


def tines(*each: tuple[int, float, float]) -> Spectrum:
    """Harmonics by number, level and how fast each fades."""

    def spectrum(harmonics: Curve, moments: Curve, hertz: float) -> Curve:
        del hertz
        found = np.zeros((moments.size, harmonics.size))
        for number, level, fade in each:
            if number <= harmonics.size:
                found[:, number - 1 : number] = level * np.exp(-moments * fade)
        return found

    return spectrum
