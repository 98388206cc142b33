"""Speech joined: what an engine said, piece by piece, becomes one sound at 48 kHz and -16 LUFS, with pauses between.

The engine's own silence around a piece is cut down, so that a pause is as long as it was asked for, to the sample.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tenuto.domain.films import SOUND_BLOCK
from tenuto.media.floats import SAMPLE, FloatSound, audio_frames
from tenuto.media.limiter import Limiter, peaks
from tenuto.media.loudness import measure_loudness
from tenuto.media.mastering import MARGIN_DB, TARGET_LUFS, Levelled, Mastered, loudness, master
from tenuto.media.mended import JoinedBefore, Piece, mended
from tenuto.media.sandbox import Emit, Payload, translated
from tenuto.media.speech_pieces import CEILING_DB, RATE, Narrated, Placed, Sound, resampled, rounded, spoken_piece


def narrated(payload: Payload, _emit: Emit) -> Payload:
    """Join `payload["parts"]`, sounds and silences, into `payload["target"]`.

    With a reference, another text in the same voice, the gain is what brings that to the loudness. With what was joined
    before, that is mended where it can be.
    """
    target = Path(payload["target"])
    parts = [Piece(**{**part, "sound": part["sound"] and Sound(**part["sound"])}) for part in payload["parts"]]
    with translated():
        found = None
        if payload["before"]:
            found = mended(parts, _before(payload["before"]), target, payload["block"])
        return asdict(found or _joined(parts, target, payload["reference"], payload["block"]))


def _before(told: dict[str, Any]) -> JoinedBefore:
    return JoinedBefore(**{**told, "pieces": {name: Placed(**piece) for name, piece in told["pieces"].items()}})


def _joined(parts: Sequence[Piece], target: Path, reference: dict[str, Any] | None, block: int) -> Narrated:
    scratch = FloatSound(target.with_suffix(".f32"), RATE, channels=1)
    try:
        placed = _join(parts, scratch.path)
        found = _turned(scratch, Sound(**reference)) if reference else master([scratch], ceiling_db=CEILING_DB)
        frames = _write(scratch, target, block)
    finally:
        scratch.path.unlink(missing_ok=True)
    return Narrated(tuple(placed), frames, found.lufs, found.gain_db, found.limited_db)


def _join(parts: Sequence[Piece], target: Path) -> list[Placed]:
    placed, at = [], 0
    with target.open("wb") as out:
        for part in parts:
            if part.sound is None:
                samples = np.zeros(part.silence, SAMPLE)
            else:
                samples, skipped = spoken_piece(part.sound)
                placed.append(Placed(at, skipped, len(samples)))
            out.write(samples.astype(SAMPLE).tobytes())
            at += len(samples)
        # Whole blocks: where one slide gets longer, a film need not encode the sound of all that follow anew.
        out.write(bytes(-at % SOUND_BLOCK * SAMPLE.itemsize))
    return placed


def _turned(sound: FloatSound, reference: Sound) -> Mastered:
    """Make it louder by as much as the reference would have to be, with its peaks below the ceiling."""
    samples = resampled(reference).reshape(-1, 1)
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
            out.writeframesraw(rounded(piece).tobytes())
            frames += len(piece)
        rest = -frames % block
        out.writeframesraw(bytes(2 * rest))
    return frames + rest
