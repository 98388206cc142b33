"""An honest fake voice for tests: a tone for each word, and it says that nobody speaks."""

from __future__ import annotations

import math
import zlib
from array import array
from pathlib import Path

from tenuto.domain.transcripts import Word
from tenuto.engines.base import EngineReport, NarrateOptions, Narration, Progress
from tenuto.engines.config import EngineConfig
from tenuto.engines.speaking import Said, has_words, pieces, write_speech

RATE = 16_000
WORD_MS = 200
MOST_CHARACTERS = 500
LOUDNESS = 8000


class FakeNarrator:
    """Tones whose pitch follows from the words."""

    name = "fake-voice"

    def __init__(self, config: EngineConfig) -> None:
        del config

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """It is always ready."""
        del config
        detail = "A fake for tests: a tone for each word, and no speech."
        return EngineReport("fake-voice", ready=True, detail=detail, model="fake-1", licence="Apache-2.0", version="1")

    def narrate(self, text: str, target: Path, options: NarrateOptions, progress: Progress) -> Narration:
        """Write a tone for each word of `text` into `target`."""
        length_ms = round(WORD_MS / options.speed)
        parts = list(pieces(text, MOST_CHARACTERS)) if has_words(text) else []
        length, words = write_speech(target, RATE, parts, lambda part: _say(part, length_ms), progress)
        warning = "These tones come from the fake voice and say nothing."
        return Narration(length, options.voice or "tone", words, (warning,))


def _say(text: str, length_ms: int) -> Said:
    words = text.split()
    sound = array("h")
    for word in words:
        pitch = 200 + zlib.crc32(word.encode()) % 600
        samples = RATE * length_ms // 1000
        sound.extend(round(LOUDNESS * math.sin(math.tau * pitch * number / RATE)) for number in range(samples))
    times = range(0, len(words) * length_ms, length_ms)
    return Said(sound.tobytes(), tuple(Word(at, at + length_ms, word) for at, word in zip(times, words, strict=True)))
