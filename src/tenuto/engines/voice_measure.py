"""What a voice is like, in numbers: its pitch and how far it moves, its resonances, its timbre and its pace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenuto import errors

Floats = npt.NDArray[np.float64]

RATE = 16_000
HOP = RATE // 100
LONGEST = 60 * RATE  # of a longer sample as much is measured, from all over it
BLOCK = 500  # frames that are looked at together

LOWEST_HZ, HIGHEST_HZ = 65, 420
PITCH_FRAME = 720
PERIODIC = 0.55  # how like itself a voiced sound is one period later
QUIET = 2e-3  # of the loudest frame's energy: what is quieter is no speech
LEAST_VOICED = 100  # frames, a second

FORMANTS = 4
RESONANCE_RATE = 10_400
RESONANCE_FRAME = 312
ORDER = 10
PRE_EMPHASIS = 0.95
LEAST_POWER = 1e-7
REAL = 0.01  # roots nearer to the real line are no resonances
WIDEST_HZ, LOWEST_FORMANT_HZ, HIGHEST_FORMANT_HZ = 600, 150, 5_100

BANDS = 40
BAND_FRAME = 1_024
LOWEST_BAND_HZ, HIGHEST_BAND_HZ = 80.0, 7_600.0

SYLLABLE_DB = 2.0  # how deep the valley between two syllables is at least
SPOKEN_DB = 25.0  # below the loudest moment


@dataclass(frozen=True)
class Measure:
    """A voice in numbers."""

    pitch_hz: float
    range_semitones: float  # between the lowest and the highest tenth
    formants_hz: tuple[float, ...]
    timbre_db: tuple[float, ...]  # the long-time spectrum in bands of equal width to the ear, around its mean
    syllables: float  # a second of speech
    voiced_seconds: float  # how much there was to go by


@dataclass(frozen=True)
class Distance:
    """How far one voice is from another."""

    pitch_semitones: float
    formants_percent: float
    timbre_db: float
    pace_percent: float


def measure(samples: npt.NDArray[np.float32]) -> Measure:
    """Measure speech of one person, mono at 16 kHz."""
    sound = _part_of(np.pad(np.asarray(samples, np.float64), (0, max(0, RATE - len(samples)))))
    sound = sound / (np.sqrt(np.mean(sound**2)) + 1e-12)
    pitch = _pitch(sound)
    heard = pitch[pitch > 0]
    if len(heard) < LEAST_VOICED:
        raise errors.ValidationError(
            f"Only {len(heard) / 100:.1f} s of voice are heard in the sample, and a second is the least: "
            "bring a recording of one person who speaks, without music."
        )
    low, middle, high = np.percentile(12 * np.log2(heard), [10, 50, 90])
    return Measure(
        pitch_hz=float(2 ** (middle / 12)),
        range_semitones=float(high - low),
        formants_hz=tuple(map(float, _formants(sound, pitch))),
        timbre_db=tuple(map(float, timbre(sound))),
        syllables=_syllables(sound),
        voiced_seconds=len(heard) * HOP / RATE,
    )


def distance(one: Measure, other: Measure) -> Distance:
    """How far two voices are from each other."""
    formants = np.array(one.formants_hz) / np.array(other.formants_hz) - 1
    return Distance(
        pitch_semitones=abs(12 * float(np.log2(one.pitch_hz / other.pitch_hz))),
        formants_percent=100 * float(np.mean(np.abs(formants))),
        timbre_db=float(np.sqrt(np.mean((np.array(one.timbre_db) - np.array(other.timbre_db)) ** 2))),
        pace_percent=100 * abs(one.syllables / other.syllables - 1),
    )


def _part_of(sound: Floats) -> Floats:
    """As much as is measured: pieces of ten seconds from all over a long sample."""
    if len(sound) <= LONGEST:
        return sound
    piece = 10 * RATE
    starts = np.linspace(0, len(sound) - piece, LONGEST // piece).astype(int)
    return np.concatenate([sound[start : start + piece] for start in starts])


def _frames(sound: Floats, length: int, hop: int) -> Iterator[Floats]:
    """Frames around every hop, some at a time."""
    padded = np.pad(sound, (length // 2, length))
    view = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop][: len(sound) // hop]
    for start in range(0, len(view), BLOCK):
        yield np.asarray(view[start : start + BLOCK])


def _pitch(sound: Floats) -> Floats:
    """The pitch in Hz every 10 ms; 0 where nothing is voiced."""
    window = np.hanning(PITCH_FRAME)
    own = _likeness(window[None])[0]
    shortest, longest = RATE // HIGHEST_HZ, RATE // LOWEST_HZ
    # Twice the period is as like as the period itself: the shorter one is to win.
    cost = 0.02 * np.log2(np.arange(shortest, longest) / shortest)
    found, energies = [], []
    for frames in _frames(sound, PITCH_FRAME, HOP):
        shaped = frames * window
        alike = _likeness(shaped) / (own + 1e-3)
        best = (alike[:, shortest:longest] - cost).argmax(axis=1) + shortest
        voiced = alike[np.arange(len(alike)), best] > PERIODIC
        found.append(np.where(voiced, RATE / best, 0.0))
        energies.append((shaped**2).sum(axis=1))
    pitch, energy = np.concatenate(found), np.concatenate(energies)
    return np.where(energy > QUIET * energy.max(), pitch, 0.0)


def _likeness(frames: Floats) -> Floats:
    """How like each frame is itself when moved, relative to not moved."""
    length = frames.shape[1]
    both = np.fft.irfft(np.abs(np.fft.rfft(frames, 2 * length)) ** 2)[:, :length]
    return np.asarray(both / (both[:, :1] + 1e-12))


def _formants(sound: Floats, pitch: Floats) -> Floats:
    """The middle of each resonance, over all voiced frames, by linear prediction."""
    lower = at_rate(sound, RATE, RESONANCE_RATE)
    lower = np.append(lower[0], lower[1:] - PRE_EMPHASIS * lower[:-1])
    window, found, first = np.hamming(RESONANCE_FRAME), [], 0
    for frames in _frames(lower, RESONANCE_FRAME, RESONANCE_RATE // 100):
        voiced = pitch[first : first + len(frames)]
        first += len(frames)
        kept = (frames[: len(voiced)] * window)[voiced > 0]
        found += [each for each in map(_resonances, _predictors(kept)) if len(each) >= FORMANTS] if len(kept) else []
    if not found:
        raise errors.ValidationError("No resonances of a voice are heard in the sample: bring a clearer recording.")
    return np.asarray(np.median([each[:FORMANTS] for each in found], axis=0))


def _predictors(frames: Floats) -> Floats:
    spectra = np.abs(np.fft.rfft(frames, 2 * frames.shape[1])) ** 2
    likeness = np.fft.irfft(spectra)[:, : ORDER + 1]
    likeness = likeness[likeness[:, 0] > LEAST_POWER]
    likeness[:, 0] *= 1.0001  # so that it can always be solved
    apart = np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))
    solved = np.linalg.solve(likeness[:, apart], likeness[:, 1:, None])[:, :, 0]
    return np.asarray(np.concatenate([np.ones((len(solved), 1)), -solved], axis=1))


def _resonances(predictor: Floats) -> Floats:
    roots = np.roots(predictor)
    roots = roots[roots.imag > REAL]
    hertz = np.angle(roots) * RESONANCE_RATE / (2 * np.pi)
    width = -np.log(np.abs(roots)) * RESONANCE_RATE / np.pi
    return np.sort(hertz[(width < WIDEST_HZ) & (hertz > LOWEST_FORMANT_HZ) & (hertz < HIGHEST_FORMANT_HZ)])


def at_rate(sound: Floats, rate: int, wanted: int) -> Floats:
    """The sound at a lower rate; of whole recordings, as its ends meet."""
    length = len(sound) * wanted // rate
    return np.asarray(np.fft.irfft(np.fft.rfft(sound)[: length // 2 + 1], length) * (length / len(sound)))


def timbre(sound: Floats) -> Floats:
    """The long-time spectrum of what is loud enough, in decibels around its mean."""
    window, bands = np.hanning(BAND_FRAME), _bands()
    powers = [np.abs(np.fft.rfft(frames * window)) ** 2 for frames in _frames(sound, BAND_FRAME, HOP)]
    energy = np.concatenate([power.sum(axis=1) for power in powers])
    loud = energy > np.percentile(energy, 95) * 0.01
    total, first = np.zeros(powers[0].shape[1]), 0
    for power in powers:
        total += power[loud[first : first + len(power)]].sum(axis=0)
        first += len(power)
    level = 10 * np.log10(bands @ (total / loud.sum()) + 1e-12)
    return np.asarray(level - level.mean())


def band_centres() -> Floats:
    """The middles of the bands in Hz: equally far from each other to the ear."""
    return _hertz(np.linspace(_mel(LOWEST_BAND_HZ), _mel(HIGHEST_BAND_HZ), BANDS + 2))[1:-1]


def _bands() -> Floats:
    edges = _hertz(np.linspace(_mel(LOWEST_BAND_HZ), _mel(HIGHEST_BAND_HZ), BANDS + 2))
    bins = np.fft.rfftfreq(BAND_FRAME, 1 / RATE)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    shape = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(shape * (2 / (edges[2:] - edges[:-2]))[:, None])


def _mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))


def _hertz(mel: Floats) -> Floats:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def _syllables(sound: Floats) -> float:
    """How many syllables a second of speech has: the hills of its loudness."""
    hops = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    weights = np.exp(-0.5 * (np.arange(-9, 10) / 3) ** 2)
    power = np.convolve((hops**2).mean(axis=1), weights / weights.sum(), mode="same")
    level = 10 * np.log10(power + 1e-9)
    spoken = level > level.max() - SPOKEN_DB
    hills, low, high, rising = 0, np.inf, -np.inf, True
    for value, is_spoken in zip(level, spoken, strict=True):
        if rising:
            high = max(high, value)
            if value < high - SYLLABLE_DB:
                hills, low, rising = hills + 1, value, False
        else:
            low = min(low, value)
            if value > low + SYLLABLE_DB and is_spoken:
                high, rising = value, True
    return max(1, hills) / max(1.0, float(spoken.sum()) / 100)
