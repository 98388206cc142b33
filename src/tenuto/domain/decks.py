"""Decks of slides as they are read: what is said, what is shown, and what the pictures of the slides are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
"""What a deck is served as."""


@dataclass(frozen=True)
class Slide:
    """One slide; it is numbered from 1, and hidden ones count."""

    number: int
    title: str = ""
    notes: str = ""  # what the speaker says: a paragraph a line
    text: str = ""  # what the slide shows beside its title, in reading order: a paragraph a line
    hidden: bool = False
    section: str = ""
    language: str = ""  # of the notes, or of the text where there are none: "de-DE", or empty when nothing tells


@dataclass(frozen=True)
class Deck:
    """A presentation."""

    slides: tuple[Slide, ...]
    title: str = ""
    author: str = ""
    width: int = 12_192_000  # in EMU, 914,400 to the inch, as decks have it
    height: int = 6_858_000
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SlidePicture:
    """What a slide looks like, who drew it, and what may be missing or different in it."""

    slide: int
    path: Path
    renderer: str  # libreoffice, render-pptx, or plain for its words alone
    flaws: tuple[str, ...] = ()
    thumbnail: Path | None = None  # the same as a small JPEG


def to_json(deck: Deck) -> dict[str, Any]:
    """A deck as plain values."""
    return asdict(deck)


def from_json(data: Mapping[str, Any]) -> Deck:
    """Read what `to_json` wrote."""
    slides = tuple(Slide(**slide) for slide in data["slides"])
    return Deck(**{**data, "slides": slides, "warnings": tuple(data["warnings"])})
