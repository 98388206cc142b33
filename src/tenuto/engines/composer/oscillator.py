"""One oscillator for every pitched instrument: how loud each harmonic is as time passes, read off as a wave.

The harmonics of a note are summed once into a table of single waves, one for each of a few moments; the note is read
from it, sliding from moment to moment. No harmonic lies above half the rate, so nothing folds back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

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


def tones(spectrum: Spectrum, each_hertz: Sequence[float], clock: Curve, rate: int) -> Iterator[Floats]:
    """A note on several oscillators, each with a frequency of its own; `clock` goes faster where the pitch bends up."""
    fastest = float(np.diff(clock).max(initial=1 / rate)) * rate
    count = max(1, min(WAVE // 2 - 1, int(HIGHEST * rate / (max(each_hertz) * fastest))))
    samples = clock.size
    # Much happens at the beginning of a note: half of the moments are in its first quarter.
    moments = samples / rate * np.square(np.linspace(0, 1, MOMENTS))[:, None]
    loud = spectrum(np.arange(1.0, count + 1)[None, :], moments, sum(each_hertz) / len(each_hertz))
    if np.array_equal(loud, np.broadcast_to(loud[:1], loud.shape)):
        loud = loud[:1]  # it sounds the same from beginning to end
    bins = np.zeros((len(loud), WAVE // 2 + 1), np.complex128)
    bins[:, 1 : count + 1] = -0.5j * WAVE * loud
    waves = np.fft.irfft(bins, WAVE, axis=1)
    table = np.concatenate([waves, waves[:, :1]], axis=1).astype(np.float32)
    place = np.sqrt(np.arange(samples, dtype=np.float32) / np.float32(samples)) * np.float32(len(loud) - 1)
    row = place.astype(np.int32)
    place -= row
    row *= table.shape[1]
    for hertz in each_hertz:
        yield _read(table, clock * (hertz * WAVE), row, place)


def _read(table: Floats, turns: Curve, row: npt.NDArray[np.int32], down: Floats) -> Floats:
    """The table at so many samples of a wave, `down` between the moment that a row begins and the next one."""
    whole = turns.astype(np.int64)
    right = (turns - whole).astype(np.float32)
    start = (whole & (WAVE - 1)).astype(np.int32)
    flat: Floats = table.ravel()
    if len(table) == 1:
        return _between(flat, start, right)
    start += row
    above = _between(flat, start, right)
    start += table.shape[1]
    below = _between(flat, start, right)
    below -= above
    below *= down
    above += below
    return above


def _between(flat: Floats, start: npt.NDArray[np.int32], right: Floats) -> Floats:
    """What stands `right` of a start, on the line to what comes next."""
    found = flat[start]
    following = flat[start + 1]
    following -= found
    following *= right
    found += following
    return found


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
