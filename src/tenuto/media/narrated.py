"""Speech joined: what an engine said, piece by piece, becomes one sound at 48 kHz and -16 LUFS, with pauses between.

The engine's own silence around a piece is cut down, so that a pause is as long as it was asked for, to the sample.
"""

from __future__ import annotations

import wave
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from tenuto.domain.films import SOUND_BLOCK
from tenuto.media.floats import SAMPLE, Floats, FloatSound, audio_frames
from tenuto.media.limiter import Limiter, peaks
from tenuto.media.loudness import measure_loudness
from tenuto.media.mastering import CEILING_DB, MARGIN_DB, TARGET_LUFS, Levelled, Mastered, loudness, master
from tenuto.media.sandbox import Emit, Payload, translated
from tenuto.media.sound import Converter, convert_all
from tenuto.media.waves import read_wave

RATE = 48_000
HOP = RATE // 100  # 10 ms
QUIET_DB = -45.0  # below the loudest 10 ms of a piece
SILENCE = 1e-8  # the power of what is no speech, however it compares
BEFORE, AFTER = RATE * 30 // 1000, RATE * 80 // 1000  # of an engine's silence that stay
FADE = RATE * 5 // 1000
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


def narrated(payload: Payload, _emit: Emit) -> Payload:
    """Join `payload["parts"]`, sounds and silences, into `payload["target"]`.

    With a reference, another text in the same voice, the gain is what brings that to the loudness.
    """
    target = Path(payload["target"])
    scratch = FloatSound(target.with_suffix(".f32"), RATE, channels=1)
    with translated():
        try:
            placed = _join(payload["parts"], scratch.path)
            reference = payload["reference"]
            found = _turned(scratch, Sound(**reference)) if reference else master([scratch])
            frames = _write(scratch, target, payload["block"])
        finally:
            scratch.path.unlink(missing_ok=True)
    return asdict(Narrated(tuple(placed), frames, found.lufs, found.gain_db, found.limited_db))


def _join(parts: list[dict[str, Any]], target: Path) -> list[Placed]:
    placed, at = [], 0
    with target.open("wb") as out:
        for part in parts:
            if "silence" in part:
                samples = np.zeros(part["silence"], SAMPLE)
            else:
                whole = _resampled(Sound(**part))
                start, end = voiced(whole)
                samples = _faded(whole[start:end])
                placed.append(Placed(at, start, len(samples)))
            out.write(samples.astype(SAMPLE).tobytes())
            at += len(samples)
        # Whole blocks: where one slide gets longer, a film need not encode the sound of all that follow anew.
        out.write(bytes(-at % SOUND_BLOCK * SAMPLE.itemsize))
    return placed


def _resampled(sound: Sound) -> Floats:
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


def _turned(sound: FloatSound, reference: Sound) -> Mastered:
    """Make it louder by as much as the reference would have to be, with its peaks below the ceiling."""
    samples = _resampled(reference).reshape(-1, 1)
    usual = measure_loudness(audio_frames(iter([samples]), rate=RATE, layout="mono"), with_peak=False).integrated_lufs
    gain_db = 0.0 if usual is None else TARGET_LUFS - usual
    ceiling = 10 ** ((CEILING_DB - MARGIN_DB) / 20)
    found = Levelled(Limiter(peaks(sound.pieces(), RATE), RATE, 10 ** (gain_db / 20), ceiling), None)
    before = loudness(sound)
    sound.rewrite(found.limiter.limited(sound.pieces()))
    return Mastered(loudness(sound), before, found.gain_db, found.limited_db)


def _write(sound: FloatSound, target: Path, block: int) -> int:
    """Write it, with silence after it up to a multiple of `block` frames."""
    frames = 0
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for piece in sound.pieces():
            out.writeframesraw(_rounded(piece).tobytes())
            frames += len(piece)
        rest = -frames % block
        out.writeframesraw(bytes(2 * rest))
    return frames + rest


def _rounded(piece: Floats) -> npt.NDArray[np.int16]:
    samples = np.clip(np.rint(piece.reshape(-1) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    return np.asarray(samples.astype(np.int16))
