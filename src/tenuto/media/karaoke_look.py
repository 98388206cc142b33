"""How a karaoke video looks, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """The picture of a karaoke video."""

    width: int = 1920
    height: int = 1080
    fps: int = 25
    title: str = ""
    artist: str = ""
    top: Colour = (18, 24, 52)  # the background goes from here
    bottom: Colour = (6, 8, 18)  # to there
    unsung: Colour = (245, 245, 250)
    sung: Colour = (255, 200, 60)
    outline: Colour = (0, 0, 0)


@dataclass(frozen=True)
class KaraokeVideo:
    """What was made."""

    width: int
    height: int
    duration_ms: int
    frames: int
    font: str
    warnings: tuple[str, ...] = ()
