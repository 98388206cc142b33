"""Honest fakes for songs: a separator that takes the middle for the voice, and an aligner that spreads lines evenly."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tenuto.domain.lyrics import LyricLine, LyricWord
from tenuto.engines.base import EngineReport, Progress, Separation
from tenuto.engines.config import EngineConfig

MODEL = "fake-1"
PIECE_FRAMES = 1 << 16
NOTE = "A fake for tests"


class FakeSeparator:
    """Half of the middle is the voice, all else the band: their sum is the mix, and nothing is parted well."""

    name = "fake-separator"

    def __init__(self, config: EngineConfig) -> None:
        del config

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """It is always ready."""
        del config
        detail = f"{NOTE}: it calls half of the middle the voice."
        return EngineReport("fake-separator", ready=True, detail=detail, model=MODEL, licence="Apache-2.0")

    def separate(self, mix: Path, vocals: Path, instrumental: Path, model: str, progress: Progress) -> Separation:
        """Write both stems, a piece at a time."""
        with (
            wave.open(str(mix)) as reader,
            wave.open(str(vocals), "wb") as voice,
            wave.open(str(instrumental), "wb") as band,
        ):
            for writer in (voice, band):
                writer.setparams(reader.getparams())
            done, total = 0, max(1, reader.getnframes())
            while data := reader.readframes(PIECE_FRAMES):
                sound = np.frombuffer(data, "<i2").reshape(-1, 2).astype(np.int32)
                middle = np.repeat(sound.sum(axis=1, keepdims=True) // 4, 2, axis=1)
                rest = np.clip(sound - middle, -32_768, 32_767)
                band.writeframesraw(rest.astype("<i2").tobytes())
                voice.writeframesraw((sound - rest).astype("<i2").tobytes())
                done += len(sound)
                progress(done / total)
        return Separation(f"{NOTE}: half of the middle", model or MODEL, {"frames": done})


class FakeLyricsAligner:
    """Lines with words share the sound evenly, whatever is sung; an odd one out is as sure as it says it is."""

    name = "fake-lyrics"

    def __init__(self, config: EngineConfig) -> None:
        del config

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """It is always ready."""
        del config
        detail = f"{NOTE}: it spreads lines evenly."
        return EngineReport("fake-lyrics", ready=True, detail=detail, model=MODEL, licence="Apache-2.0")

    def align_lyrics(
        self, vocals: Path, lines: Sequence[str], language: str | None, progress: Progress
    ) -> tuple[LyricLine, ...]:
        """Return the lines in equal shares of the sound; one with a question mark is doubtful."""
        del language
        with wave.open(str(vocals)) as reader:
            length = reader.getnframes() * 1000 // reader.getframerate()
        sung = [at for at, line in enumerate(lines) if line.split()]
        starts = {at: length * place // len(sung) for place, at in enumerate(sung)}
        ends = {at: length * (place + 1) // len(sung) for place, at in enumerate(sung)}
        progress(1.0)
        return tuple(
            _timed(line, starts[at], ends[at]) if at in starts else LyricLine(line) for at, line in enumerate(lines)
        )


def _timed(line: str, start: int, end: int) -> LyricLine:
    words = line.split()
    bounds = [start + (end - start) * place // len(words) for place in range(len(words) + 1)]
    timed = tuple(LyricWord(bounds[at], bounds[at + 1], word) for at, word in enumerate(words))
    return LyricLine(line, start, end, timed, 0.2 if "?" in line else 0.9)
