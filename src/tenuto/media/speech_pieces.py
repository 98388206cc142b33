"""Pieces of speech: what an engine said, at 48 kHz, without its own silence around it, begun and ended softly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from tenuto.media.floats import Floats
from tenuto.media.sound import Converter, convert_all
from tenuto.media.waves import read_wave

RATE = 48_000
HOP = RATE // 100  # 10 ms
QUIET_DB = -45.0  # below the loudest 10 ms of a piece
SILENCE = 1e-8  # the power of what is no speech, however it compares
BEFORE, AFTER = RATE * 30 // 1000, RATE * 80 // 1000  # of an engine's silence that stay
FADE = RATE * 5 // 1000
CEILING_DB = -2.0  # An encoder moves peaks: by up to a dB at the bit rate of films, whose sound is to stay below -1.
FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class Sound:
    """Speech as an engine made it: 16-bit mono at its own rate, from `offset` bytes on to the end of the file."""

    path: str
    offset: int
    rate: int


@dataclass(frozen=True)
class Placed:
    """Where a piece came to lie, in frames: its start, how much of its own beginning is left out, and its length."""

    start: int
    skipped: int
    frames: int


@dataclass(frozen=True)
class Narrated:
    """What became of the parts, and how loud it is."""

    placed: tuple[Placed, ...]  # of the sounds, in order
    frames: int
    lufs: float | None  # None where there is too little speech to say
    gain_db: float
    limited_db: float
    mended: float = 0.0  # the share of it that was put in after it was measured


def spoken_piece(sound: Sound) -> tuple[Floats, int]:
    """What is kept of a sound, and how much of its beginning is not."""
    whole = resampled(sound)
    start, end = voiced(whole)
    return _faded(whole[start:end]), start


def resampled(sound: Sound) -> Floats:
    """All of a sound."""
    with Path(sound.path).open("rb") as file:
        file.seek(sound.offset)
        samples = np.frombuffer(file.read(), "<i2")
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = sound.rate
    converter = Converter(layout="mono", rate=RATE, sample_format="flt")
    pieces = [piece.to_ndarray().reshape(-1) for piece in convert_all(iter([frame]), converter)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def voiced(samples: Floats) -> tuple[int, int]:
    """From where to where there is speech, with a little of the silence around it."""
    start, end = _loud(samples, HOP)
    return max(0, start - BEFORE), min(samples.size, end + AFTER) if end else 0


def speech_span(path: Path) -> tuple[int, int]:
    """From where to where there is speech in a WAV of an engine's, in milliseconds; nowhere when it is silent."""
    with read_wave(path) as reader:
        rate = reader.getframerate()
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(np.float32) / FULL_SCALE
    start, end = _loud(samples, rate // 100)
    return start * 1000 // rate, -(-end * 1000 // rate)


def _loud(samples: Floats, hop: int) -> tuple[int, int]:
    whole = samples[: samples.size // hop * hop].reshape(-1, hop).astype(np.float64)
    power = np.einsum("ij,ij->i", whole, whole) / hop
    loud = np.flatnonzero(power > max(power.max(initial=0.0) * 10 ** (QUIET_DB / 10), SILENCE))
    return (int(loud[0]) * hop, (int(loud[-1]) + 1) * hop) if loud.size else (0, 0)


def _faded(samples: Floats) -> Floats:
    """Begun and ended softly: nothing clicks."""
    length = min(FADE, samples.size // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(1, length))).astype(np.float32)
    found = samples.copy()
    found[:length] *= ramp
    found[found.size - length :] *= ramp[::-1]
    return found


def rounded(piece: Floats) -> npt.NDArray[np.int16]:
    """In 16 bits."""
    samples = np.clip(np.rint(piece.reshape(-1) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    return np.asarray(samples.astype(np.int16))
