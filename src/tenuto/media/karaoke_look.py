"""How a karaoke video looks, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from tenuto.domain.pages import PER_PAGE

MOST_COLUMNS, FEWEST_COLUMNS = 40, 18
HIGH_PAGE = 6
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

    @property
    def columns(self) -> int:
        """How many letters a line may have: fewer where the picture is narrow, so that they stay large."""
        return max(FEWEST_COLUMNS, min(MOST_COLUMNS, round(MOST_COLUMNS * self.width / self.height * 9 / 16)))

    @property
    def lines(self) -> int:
        """How many lines a page may have: more where the picture is high."""
        return PER_PAGE if self.width >= self.height else HIGH_PAGE


@dataclass(frozen=True)
class KaraokeVideo:
    """What was made."""

    width: int
    height: int
    duration_ms: int
    frames: int
    font: str
    warnings: tuple[str, ...] = ()
