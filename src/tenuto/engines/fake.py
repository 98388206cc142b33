"""An honest fake: works anywhere at once, says that it is a fake, and fails, crashes or hangs when asked to.

`TranscribeOptions.extra` tells it what to do: `fail` is an error code of tenuto, `crash`, `hang` (sleeps for ever) or
`spin` (computes for ever); `at` the share of the work after which that happens (0 when not given); `seconds` how long
to work; `mark_file` a file that gets one line per call; `say` a text to hear instead, without times of its words.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tenuto import errors
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.engines.base import EngineReport, Progress, TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.sound import SAMPLE_BYTES, SAMPLE_RATE, duration_ms, open_wave

MODEL = "fake-1"
WORD_MS = 400
WORDS_PER_SEGMENT = 10
LOUDEST_SILENCE = 400  # from peak to peak
WORD_BYTES = SAMPLE_RATE * SAMPLE_BYTES * WORD_MS // 1000
VOCABULARY = ("alpha", "bravo", "delta", "echo", "hotel", "india", "lima", "mike", "oscar", "romeo", "sierra", "tango")


class FakeTranscriber:
    """Words that follow from the sound's length and bytes, and mean nothing."""

    block_seconds = 60.0
    parallel_blocks = True
    translates = True

    name = "fake"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """It is always ready."""
        del config
        detail = "A fake for tests: its words follow from the bytes of the sound and mean nothing."
        return EngineReport("fake", ready=True, detail=detail, model=MODEL, licence="Apache-2.0")

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: Progress) -> Transcript:
        """Return made-up words for every stretch of `audio` that is not silent."""
        if mark_file := options.extra.get("mark_file"):
            _append_line(Path(str(mark_file)), f"{os.getpid()} {audio.name}\n")
        with open_wave(audio) as reader:
            length = duration_ms(reader)
            seconds = _number(options, "seconds", length / 60_000 * self._config.fake_seconds_per_minute)
            _work(options, progress, seconds)
            words = list(_words(iter(lambda: reader.readframes(WORD_BYTES // SAMPLE_BYTES), b""), length))
        progress(1.0)
        said = options.extra.get("say")
        return Transcript(
            (Segment(0, length, str(said)),) if said else tuple(_segments(words)),
            language="en" if options.translate else options.language or "en",
            duration_ms=length,
            engine=self.name,
            model=options.model or MODEL,
            warnings=("These words come from the fake engine and mean nothing.",),
        )


def _work(options: TranscribeOptions, progress: Progress, seconds: float) -> None:
    """Pass the time in small steps, telling how far it is, and misbehave when asked."""
    fault_at = _number(options, "at", 0.0)
    steps = max(10, int(seconds * 20))
    for step in range(steps):
        share = step / steps
        progress(share)
        if "fail" in options.extra and share >= fault_at:
            _misbehave(str(options.extra["fail"]))
        time.sleep(seconds / steps)
    if "fail" in options.extra:
        _misbehave(str(options.extra["fail"]))


def _misbehave(how: str) -> None:
    if how == "crash":
        os.abort()
    while how == "hang":
        time.sleep(3600)
    while how == "spin":
        pass
    if how not in errors.BY_CODE:
        raise errors.ValidationError(
            f"The fake engine cannot fail with {how!r}; give an error code, crash, hang or spin."
        )
    raise errors.from_code(how, f"The fake engine failed as it was told to ({how}).")


def _words(pieces: Iterator[bytes], length: int) -> Iterator[Word]:
    for number, piece in enumerate(pieces):
        samples = memoryview(piece).cast("h")
        start, end = number * WORD_MS, min(length, (number + 1) * WORD_MS)
        if end > start and max(samples) - min(samples) > LOUDEST_SILENCE:
            digest = hashlib.sha256(piece).digest()
            yield Word(start, end, VOCABULARY[digest[0] % len(VOCABULARY)], round(0.5 + digest[1] / 512, 3))


def _segments(words: list[Word]) -> Iterator[Segment]:
    for first in range(0, len(words), WORDS_PER_SEGMENT):
        group = tuple(words[first : first + WORDS_PER_SEGMENT])
        text = "[fake] " + " ".join(word.text for word in group)
        confidence = sum(word.confidence or 0.0 for word in group) / len(group)
        yield Segment(group[0].start_ms, group[-1].end_ms, text, round(confidence, 3), words=group)


def _append_line(path: Path, line: str) -> None:
    """One write, so that lines of several processes never mix."""
    with path.open("ab", buffering=0) as stream:
        stream.write(line.encode())


def _number(options: TranscribeOptions, name: str, default: float) -> float:
    value = options.extra.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise errors.ValidationError(f"The fake engine takes a number for {name!r}, not {value!r}.")
    return float(value)
