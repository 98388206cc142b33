"""What was said, when, by whom: the shape that engines return and exports read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

FLAGS = {
    "repeated": "the same words again and again, as engines make them up",
    "over_silence": "words where nobody speaks",
    "guessed_times": "its words' times are shared out by letters, not heard",
    "unmatched": "the sound does not seem to say its words",
    "edited": "changed by a person",
}
"""What a segment can be marked with; nothing is ever deleted for it."""


@dataclass(frozen=True)
class Word:
    """One word with its time; confidence runs from 0 to 1, None when the engine does not say."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None = None
    guessed: bool = False  # its time was shared out, nobody heard it

    def as_list(self) -> list[Any]:
        """As it is kept; `Word(*list)` reads it."""
        kept = [self.start_ms, self.end_ms, self.text, self.confidence]
        return [*kept, True] if self.guessed else kept


@dataclass(frozen=True)
class Segment:
    """A stretch of speech that reads as one piece."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None = None
    speaker: str | None = None
    words: tuple[Word, ...] = ()
    flags: tuple[str, ...] = ()  # of FLAGS

    def shifted(self, by_ms: int) -> Segment:
        """The same segment, `by_ms` later."""
        words = tuple(replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms) for word in self.words)
        return replace(self, start_ms=self.start_ms + by_ms, end_ms=self.end_ms + by_ms, words=words)


@dataclass(frozen=True)
class Transcript:
    """Everything one engine heard in one recording."""

    segments: tuple[Segment, ...]
    language: str | None = None
    duration_ms: int = 0
    engine: str = ""
    model: str = ""
    title: str = ""
    warnings: tuple[str, ...] = ()
    speakers: dict[str, str] = field(default_factory=dict)  # label -> display name

    @property
    def text(self) -> str:
        """All of it as one line of prose."""
        return " ".join(segment.text.strip() for segment in self.segments if segment.text.strip())

    @property
    def confidence(self) -> float | None:
        """Mean confidence over the words, or over the segments when there are no words."""
        words = [word.confidence for segment in self.segments for word in segment.words if word.confidence is not None]
        known = words or [segment.confidence for segment in self.segments if segment.confidence is not None]
        return sum(known) / len(known) if known else None
