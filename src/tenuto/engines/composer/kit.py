"""The drums: skins that fall in pitch, and noise of one colour or another; no stroke is quite like the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tenuto.engines.composer import patterns
from tenuto.engines.composer.dice import dice
from tenuto.engines.composer.instruments import levelled
from tenuto.engines.composer.oscillator import Curve, Floats

STROKES = 3
CLAPS = (0.0, 0.011, 0.022)  # seconds: hands do not meet at once
METAL = (1.0, 1.342, 1.237, 1.654, 1.931, 2.174)
SLOPE = 6.0


@dataclass(frozen=True)
class Drum:
    """How a drum sounds, and where it stands."""

    seconds: float
    level: float
    pan: float  # -1 left, 1 right
    make: Callable[[Curve, Curve], Curve]
    """Takes moments in seconds and white noise as long; returns the sound."""


def band(noise: Curve, rate: float, low: float, high: float) -> Curve:
    """Noise between two frequencies, with soft edges."""
    spectrum = np.fft.rfft(noise)
    hertz = np.fft.rfftfreq(noise.size, 1 / rate) + 1e-9
    spectrum /= np.sqrt(1 + (low / hertz) ** SLOPE) * np.sqrt(1 + (hertz / high) ** SLOPE)
    return np.asarray(np.fft.irfft(spectrum, noise.size))


def skin(times: Curve, rest: float, struck: float, tightening: float) -> Curve:
    """A skin that swings at `struck` hertz more at first, then at `rest`."""
    return np.asarray(np.sin(2 * np.pi * (rest * times + struck / tightening * (1 - np.exp(-times * tightening)))))


def _rate(times: Curve) -> float:
    return 1 / float(times[1])


def _kick(times: Curve, noise: Curve) -> Curve:
    body = np.tanh(2 * skin(times, 48, 190, 40) * np.exp(-times * 7))
    return np.asarray(body + 0.2 * band(noise, _rate(times), 2500, 9000) * np.exp(-times * 250))


def _snare(times: Curve, noise: Curve) -> Curve:
    wires = band(noise, _rate(times), 1100, 9000) * np.exp(-times * 16)
    return np.asarray(0.55 * skin(times, 180, 90, 60) * np.exp(-times * 22) + 0.75 * wires)


def _clap(times: Curve, noise: Curve) -> Curve:
    hands = sum((np.where(times >= at, np.exp(-(times - at) * 95), 0) for at in CLAPS), np.zeros(times.size))
    room = np.where(times >= CLAPS[-1], np.exp(-(times - CLAPS[-1]) * 16), 0)
    return np.asarray(band(noise, _rate(times), 900, 6500) * (hands + 0.7 * room))


def _rim(times: Curve, noise: Curve) -> Curve:
    click = band(noise, _rate(times), 1500, 6000) * np.exp(-times * 400)
    return np.asarray(np.sin(2 * np.pi * 1700 * times) * np.exp(-times * 90) + click)


def _tom(pitch: float) -> Callable[[Curve, Curve], Curve]:
    def make(times: Curve, noise: Curve) -> Curve:
        stick = band(noise, _rate(times), 300, 2500) * np.exp(-times * 40)
        return np.asarray(skin(times, pitch, 0.7 * pitch, 16) * np.exp(-times * 6) + 0.12 * stick)

    return make


def _cymbal(fade: float, low: float, ring: float) -> Callable[[Curve, Curve], Curve]:
    def make(times: Curve, noise: Curve) -> Curve:
        plate = sum((np.sin(2 * np.pi * 3100 * ratio * times) for ratio in METAL), np.zeros(times.size))
        return np.asarray((band(noise, _rate(times), low, 15_000) + ring * plate) * np.exp(-times * fade))

    return make


KIT: Mapping[int, Drum] = {
    patterns.KICK: Drum(0.5, 1.0, 0.0, _kick),
    patterns.SNARE: Drum(0.35, 0.6, 0.05, _snare),
    patterns.CLAP: Drum(0.35, 0.55, -0.05, _clap),
    patterns.RIM: Drum(0.1, 0.2, 0.3, _rim),
    patterns.HAT: Drum(0.09, 0.2, 0.25, _cymbal(60, 7000, 0.02)),
    patterns.OPEN_HAT: Drum(0.4, 0.2, 0.25, _cymbal(11, 6500, 0.03)),
    patterns.RIDE: Drum(0.8, 0.2, -0.35, _cymbal(5, 6000, 0.08)),
    patterns.CRASH: Drum(1.8, 0.3, -0.3, _cymbal(2.8, 3500, 0.01)),
    patterns.SHAKER: Drum(0.12, 0.14, 0.4, _cymbal(32, 5000, 0.0)),
    patterns.LOW_TOM: Drum(0.7, 0.65, 0.3, _tom(75)),
    patterns.TOM: Drum(0.6, 0.55, 0.0, _tom(105)),
    patterns.HIGH_TOM: Drum(0.5, 0.5, -0.3, _tom(140)),
}


def strike(number: int, stroke: int, rate: int) -> Floats:
    """One stroke on a drum, of shape (2, samples)."""
    drum = KIT[number]
    samples = round(drum.seconds * rate)
    times = np.arange(samples) / rate
    noise = dice(number, f"stroke {stroke}").normal(size=samples)
    sound = drum.make(times, noise) * np.minimum(1, (drum.seconds - times) * 50)
    left, right = np.cos((1 + drum.pan) * np.pi / 4), np.sin((1 + drum.pan) * np.pi / 4)
    return levelled(np.stack([left * sound, right * sound]).astype(np.float32), rate) * np.float32(drum.level)
