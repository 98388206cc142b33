"""Whether a voice said what it was given, and when: by its own word, or by listening where the language allows."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.alignment import Stretch, Timed, fits
from tenuto.domain.transcripts import Word
from tenuto.domain.word_map import filled, matched, said_words
from tenuto.engines.speaking import language_by_script
from tenuto.media.speech_pieces import speech_span
from tenuto.pipelines.base import Steps
from tenuto.pipelines.listening import ENGINE, LOADING_SECONDS, SLOWEST

ALIGNED_RATE = 16_000
# Milliseconds a letter takes: people need 50 to 90; a figure is said as a word.
SHORTEST_MS, LONGEST_MS, FIGURE_LETTERS = 20, 400, 5
SPARE_MS = 1_500
COVERED = 0.5  # the least share of its words that an engine must tell of
WORST_WORD = -60.0  # mean score of a frame: words that are said score higher, nine of ten wrong ones lower
BY_VOICE, BY_EAR, BY_LENGTH = "events", "alignment", "length"


@dataclass(frozen=True)
class Checked:
    """The words with their times, how that is known, and what seems wrong; nothing when all is well."""

    words: tuple[Word, ...]
    method: str
    score: float | None  # the mean of the aligner's, or the share of words that the engine told of
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """What is kept of it besides the words."""
        return {"method": self.method, "score": self.score, "problem": self.problem}

    def is_better_than(self, other: Checked) -> bool:
        """Whether this try is the one to keep."""
        if bool(self.problem) != bool(other.problem):
            return not self.problem
        return (self.score is not None, self.score or 0.0) > (other.score is not None, other.score or 0.0)


@dataclass(frozen=True)
class Listening:
    """What is to be heard, and where somebody listens."""

    language: str | None
    speed: float = 1.0
    child: str = ""  # the process that listens; empty for one of its own


def check(steps: Steps, sound: Path, text: str, told: Sequence[Word], *, by: Listening) -> Checked:
    """Look at what an engine made of a text; `told` is when it says that it said its words."""
    said = said_words(text)
    start, end = speech_span(sound)
    if told and end > start:
        known = matched(said, told)
        share = round(sum(word is not None for word in known) / max(1, len(said)), 3)
        problem = "most of its words are passed over" if share < COVERED else ""
        return Checked(tuple(filled(said, known, start, end)), BY_VOICE, share, problem)
    problem = _problem_of_length(text, (end - start) * by.speed)
    spoken = (by.language or language_by_script(text) or "en").lower().partition("-")[0]
    times = _listened(steps, sound, said, replace(by, language=spoken)) if end > start else None
    if times is None or (spoken != "en" and all(time.score is None for time in times)):
        return Checked(tuple(filled(said, [None] * len(said), start, end)), BY_LENGTH, None, problem)
    words = tuple(
        Word(time.start_ms, time.end_ms, word, guessed=not fits(times)) for word, time in zip(said, times, strict=True)
    )
    return Checked(words, BY_EAR, _mean(times), problem or _problem_of_words(said, times))


def _problem_of_length(text: str, length_ms: float) -> str:
    if not length_ms:
        return "nothing is heard"
    signs = [sign for sign in text if sign.isalnum()]
    if length_ms < SHORTEST_MS * len(signs):
        return "it is too short"
    longest = sum(LONGEST_MS * (FIGURE_LETTERS if sign.isdecimal() else 1) for sign in signs)
    return "it is too long" if length_ms > longest + SPARE_MS else ""


def _problem_of_words(said: Sequence[str], times: Sequence[Timed]) -> str:
    if not fits(times):
        return "it does not sound like these words"
    wrong = [
        word
        for word, time in zip(said, times, strict=True)
        if time.score is not None and time.score < WORST_WORD and word.strip(".,;:!?\"'()").isalpha()
    ]
    return f"it does not sound like {wrong[0]!r}" if wrong else ""


def _mean(times: Sequence[Timed]) -> float | None:
    heard = [(time.score, max(1, time.end_ms - time.start_ms)) for time in times if time.score is not None]
    length = sum(weight for _, weight in heard)
    return round(sum(score * weight for score, weight in heard) / length, 1) if heard else None


def _listened(steps: Steps, sound: Path, said: Sequence[str], by: Listening) -> list[Timed] | None:
    """When the aligner hears the words; None when it cannot work here."""
    heard = _as_heard(steps, sound)
    try:
        with wave.open(str(heard), "rb") as reader:
            length_ms = reader.getnframes() * 1000 // reader.getframerate()
        stretch = Stretch(0, length_ms, (0,), (tuple(said),), ((0, length_ms),))
        payload = {
            "engine": ENGINE,
            "config": steps.engines.to_json(),
            "audio": str(heard),
            "language": by.language,
            "stretches": [asdict(stretch)],
        }
        patience = LOADING_SECONDS + SLOWEST * length_ms / 1000
        done = steps.call(
            by.child or f"engine:{ENGINE}",
            "tenuto.engines.work:align",
            payload,
            lambda _share: None,
            timeout_seconds=patience,
        )
    except errors.EngineMissing:
        return None
    finally:
        if heard != sound:
            heard.unlink(missing_ok=True)
    return [Timed(*time) for time in done["times"][0][0]]


def _as_heard(steps: Steps, sound: Path) -> Path:
    """The sound at the rate the aligner takes."""
    with wave.open(str(sound), "rb") as reader:
        if reader.getframerate() == ALIGNED_RATE:
            return sound
    heard = sound.with_suffix(".16k.wav")
    steps.media.decode(sound, heard, should_stop=steps.should_stop)
    return heard
