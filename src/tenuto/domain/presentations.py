"""Narrated presentations: what a job films, as people have edited it, and what it found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tenuto import errors
from tenuto.domain.decks import Deck
from tenuto.domain.voice_samples import MatchedVoice

TEXT, SILENCE = "text", "silence"
SKIP, INCLUDE = "skip", "include"
MAX_TITLE = 1000


@dataclass(frozen=True)
class PresentedSlide:
    """A slide in its place, as it is edited."""

    number: int  # in the deck
    title: str = ""
    notes: str = ""
    text: str = ""
    hidden: bool = False
    skipped: bool | None = None  # None to go by whether it is hidden
    language: str = ""
    picture: str = ""  # the name of the picture that there is of it
    renderer: str = ""  # what drew that
    flaws: tuple[str, ...] = ()
    sound: str = ""  # the name of what it says in the last video

    def is_shown(self, hidden: str) -> bool:
        """Whether it is part of the video; `hidden` says what becomes of slides that the deck hides."""
        return not self.skipped if self.skipped is not None else not self.hidden or hidden == INCLUDE

    def script(self, missing: str) -> str:
        """What is said of it; `missing` says what that is without notes: what it shows, or nothing."""
        if self.notes.strip() or missing == SILENCE:
            return self.notes
        return "\n".join(part for part in (self.title, self.text) if part.strip())


@dataclass(frozen=True)
class Presentation:
    """The slides of a deck in their order; there are none as long as nobody has read the deck."""

    title: str
    author: str = ""
    revision: int = 0
    slides: tuple[PresentedSlide, ...] = ()


@dataclass(frozen=True)
class DrawnSlide:
    """What a slide looks like: the name of its picture, who drew it, and what may be wrong with it."""

    number: int
    picture: str
    renderer: str
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True)
class FilmedSlide:
    """When a slide is seen, and how it was spoken."""

    number: int
    start_ms: int
    duration_ms: int
    sound: str  # the name of what it says
    spoken: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FilmedDeck:
    """A video, and the edits that it shows."""

    revision: int
    duration_ms: int
    engine: str
    language: str
    slides: tuple[FilmedSlide, ...]


@dataclass(frozen=True)
class Findings:
    """What a step of a job found out about its presentation."""

    deck: Deck | None = None
    drawn: tuple[DrawnSlide, ...] = ()
    film: FilmedDeck | None = None
    voice: MatchedVoice | None = None


def to_json(presentation: Presentation) -> dict[str, Any]:
    """A presentation as plain values."""
    return asdict(presentation)


def from_json(data: dict[str, Any]) -> Presentation:
    """Read what `to_json` wrote."""
    slides = tuple(PresentedSlide(**{**slide, "flaws": tuple(slide["flaws"])}) for slide in data["slides"])
    return Presentation(**{**data, "slides": slides})


def check_order(order: Sequence[int], numbers: Collection[int]) -> None:
    """Refuse an order that leaves slides out, names some twice, or names some that are not there."""
    unknown = sorted(set(order) - set(numbers))
    missing = sorted(set(numbers) - set(order))
    if unknown:
        raise errors.ValidationError(f"order: the deck has no slide {unknown[0]}.", field="order")
    if missing:
        raise errors.ValidationError(
            f"order: slide {missing[0]} is left out; name each slide once, and set `skipped` on those not to be shown.",
            field="order",
        )
    if len(order) != len(numbers):
        raise errors.ValidationError("order: name each slide once.", field="order")
