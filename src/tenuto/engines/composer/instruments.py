"""The pitched instruments: what each sounds like, how a note begins and ends on it, and its General MIDI number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tenuto.engines.composer.oscillator import (
    Curve,
    Floats,
    Spectrum,
    drawbars,
    filtered,
    plucked,
    pulse,
    saw,
    square,
    tines,
    tones,
)

LOUDNESS_SECONDS = 0.05
DETUNED = (-7.0, 0.0, 7.0)
SPREAD = (-12.0, -5.0, 6.0, 11.0)


@dataclass(frozen=True)
class Instrument:
    """How a note sounds."""

    program: int  # General MIDI, from 0
    spectrum: Spectrum
    attack: float = 0.003  # seconds
    release: float = 0.1
    fall: float = 9.0  # seconds to go most of the way from the attack to `sustain`
    sustain: float = 1.0
    cents: tuple[float, ...] = (0.0,)  # as many oscillators, that far out of tune; they stand from left to right
    vibrato_cents: float = 0.0
    drop: float = 0.0  # octaves that a note falls at its beginning
    drive: float = 0.0  # overdriven; power chords are played on such ones


INSTRUMENTS: Mapping[str, Instrument] = {
    "piano": Instrument(0, plucked(1.1, 0.9, 0.35, 0.12), 0.002, 0.25, cents=(-1.5, 1.5)),
    "electric piano": Instrument(
        4, tines((1, 1, 0.9), (2, 0.28, 2.5), (3, 0.12, 4), (7, 0.1, 9), (14, 0.06, 25)), 0.003, 0.2, cents=(-2, 2)
    ),
    "organ": Instrument(16, drawbars(1, 0.6, 0.45, 0.3, 0, 0.2, 0, 0.12), 0.006, 0.08, vibrato_cents=6, cents=(-3, 3)),
    "harpsichord": Instrument(6, plucked(0.45, 1.6, 0.12, 0.09), 0.001, 0.12, cents=(-2, 2)),
    "accordion": Instrument(21, filtered(saw, 2600, 2200, 1.0, 1.2), 0.03, 0.09, cents=(-9, 0, 9)),
    "choir": Instrument(52, filtered(saw, 700, 950, 0.4, 1.7), 0.18, 0.4, cents=SPREAD, vibrato_cents=12),
    "acoustic guitar": Instrument(25, plucked(0.9, 1.1, 0.45, 0.18), 0.001, 0.25),
    "distorted guitar": Instrument(30, filtered(saw, 3200, 2600, 0.5), 0.003, 0.08, 2.5, 0.7, (-4, 4), drive=5.0),
    "strings": Instrument(48, filtered(saw, 1500, 2600, 0.4, 1.2), 0.16, 0.5, cents=DETUNED, vibrato_cents=8),
    "pad": Instrument(89, filtered(saw, 500, 1300, 1.2, 1.4), 0.45, 0.9, cents=SPREAD),
    "synth": Instrument(81, filtered(saw, 6500, 2800, 0.25, 1.3), 0.006, 0.15, 0.8, 0.7, SPREAD),
    "bells": Instrument(
        14, tines((1, 1, 2.2), (2, 0.45, 3.5), (3, 0.25, 5), (5, 0.16, 8), (9, 0.06, 14)), 0.001, 0.6, cents=(-1, 1)
    ),
    "vibraphone": Instrument(
        11, tines((1, 1, 1.1), (4, 0.22, 4), (10, 0.05, 12)), 0.002, 0.5, vibrato_cents=4, cents=(-2, 2)
    ),
    "pluck": Instrument(45, plucked(0.7, 2.2, 0.7, 0.3), 0.001, 0.3, cents=(-3, 3)),
    "flute": Instrument(73, drawbars(1, 0.28, 0.1, 0.04), 0.06, 0.12, vibrato_cents=14),
    "clarinet": Instrument(71, drawbars(1, 0.05, 0.6, 0.06, 0.35, 0.05, 0.15), 0.04, 0.1, vibrato_cents=5),
    "oboe": Instrument(68, drawbars(0.7, 0.9, 1, 0.6, 0.4, 0.25, 0.15, 0.1), 0.04, 0.1, vibrato_cents=10),
    "saxophone": Instrument(65, filtered(saw, 900, 1900, 0.06, 1.3), 0.03, 0.12, 0.5, 0.85, (-2, 2), vibrato_cents=10),
    "violin": Instrument(40, filtered(saw, 1800, 3200, 0.15, 1.4), 0.07, 0.2, cents=(-3, 3), vibrato_cents=16),
    "brass": Instrument(61, filtered(saw, 500, 2200, 0.07, 1.6), 0.03, 0.12, 0.6, 0.8, (-5, 5), vibrato_cents=5),
    "synth lead": Instrument(
        80, filtered(square, 5500, 2400, 0.2, 1.3), 0.005, 0.12, 0.7, 0.75, DETUNED, vibrato_cents=6
    ),
    "chip": Instrument(80, filtered(pulse, 9000, 9000, 1.0), 0.001, 0.02, 0.25, 0.5),
    "808": Instrument(38, tines((1, 1, 0.9), (2, 0.22, 2.5), (3, 0.1, 5)), 0.002, 0.15, drop=1.2, drive=1.6),
    "sub bass": Instrument(38, drawbars(1, 0.3, 0.12, 0.04), 0.015, 0.1),
    "synth bass": Instrument(38, filtered(saw, 1400, 500, 0.12), 0.003, 0.06, 0.5, 0.6),
    "acid bass": Instrument(38, filtered(saw, 3200, 350, 0.09), 0.002, 0.04, 0.3, 0.5, drive=1.5),
    "reese": Instrument(38, filtered(saw, 650, 500, 0.5), 0.02, 0.12, cents=(-14, 0, 14)),
    "upright bass": Instrument(32, plucked(1.5, 1.3, 0.5, 0.3), 0.004, 0.08),
    "electric bass": Instrument(33, plucked(1.2, 0.8, 0.35, 0.2), 0.003, 0.07),
    "slap bass": Instrument(36, plucked(0.8, 1.2, 0.45, 0.12), 0.001, 0.05),
    "cello": Instrument(42, filtered(saw, 700, 1300, 0.2, 1.4), 0.08, 0.25, cents=(-3, 3), vibrato_cents=8),
}


def render(name: str, pitch: int, seconds: float, rate: int) -> Floats:
    """A note of one strength, of shape (2, samples); every instrument is about as loud as any other."""
    instrument = INSTRUMENTS[name]
    samples = max(1, round((seconds + instrument.release) * rate))
    times = np.arange(samples) / rate
    found = np.zeros((2, samples), np.float32)
    each_hertz = [440 * 2 ** ((pitch - 69 + cents / 100) / 12) for cents in instrument.cents]
    voices = tones(instrument.spectrum, each_hertz, _clock(instrument, times, rate), rate)
    for number, voice in enumerate(voices):
        right = (number + 0.5) / len(instrument.cents)
        found[0] += voice * np.float32(np.cos(right * np.pi / 2))
        found[1] += voice * np.float32(np.sin(right * np.pi / 2))
    envelope = _envelope(instrument, seconds, times).astype(np.float32)
    found *= envelope
    if instrument.drive:
        found = np.tanh(instrument.drive * found / max(1e-9, float(np.abs(found).max())))
        # What is bent unevenly stands beside zero: that is taken off again.
        found -= envelope * (found.sum(axis=1, keepdims=True) / max(1e-9, float(envelope.sum())))
    return levelled(found, rate)


def levelled(sound: Floats, rate: int) -> Floats:
    """A sound whose loudest moment has the power of one."""
    hop = max(1, round(LOUDNESS_SECONDS * rate))
    power = np.square(sound).mean(axis=0)
    moments = np.add.reduceat(power, np.arange(0, power.size, hop)) / min(hop, power.size)
    return np.asarray(sound / np.float32(max(1e-9, float(np.sqrt(moments.max())))), np.float32)


def _clock(instrument: Instrument, times: Curve, rate: int) -> Curve:
    """The time that an oscillator counts its waves by: it goes faster where the pitch is bent up."""
    if not instrument.drop and not instrument.vibrato_cents:
        return times
    bend = np.zeros(times.size)
    if instrument.drop:
        bend += instrument.drop * np.exp(-times * 40)
    if instrument.vibrato_cents:
        # A player finds the note first, and begins to move on it then.
        bend += instrument.vibrato_cents / 1200 * np.sin(2 * np.pi * 5.3 * times) * np.minimum(1, times * 3)
    return np.asarray(np.cumsum(np.exp2(bend)) / rate)


def _envelope(instrument: Instrument, seconds: float, times: Curve) -> Curve:
    attack = min(instrument.attack, seconds)
    rising = np.minimum(1.0, times / attack)
    falling = instrument.sustain + (1 - instrument.sustain) * np.exp(-np.maximum(0, times - attack) / instrument.fall)
    released = np.maximum(0, times - seconds)
    # The end of the release is bent to nothing, so that no note ends with a click.
    ending = np.exp(-4 * released / instrument.release) * np.clip(1 - released / instrument.release, 0, 1)
    return np.asarray(rising * falling * ending)
