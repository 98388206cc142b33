"""Lines on the screen: where each word stands, and how much of the line is sung at a moment."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from tenuto.domain.lyrics import LyricLine, spelled
from tenuto.media.karaoke_planes import Box


@dataclass(frozen=True)
class Span:
    """A word: when it is sung, and where it stands."""

    start_ms: int
    end_ms: int
    left: float
    right: float


@dataclass(frozen=True)
class Row:
    """A line on the screen."""

    left: float
    right: float
    band: Box  # all of the picture's width, as high as the line
    spans: tuple[Span, ...]
    from_right: bool

    def reached(self, moment_ms: float) -> int:
        """How many columns of it are sung."""
        reached = 0.0
        for span in self.spans:
            if moment_ms < span.end_ms:
                share = (moment_ms - span.start_ms) / max(1, span.end_ms - span.start_ms)
                return round(span.left + (span.right - span.left) * share if share > 0 else reached)
            reached = span.right
        return round(reached)

    def sung(self, moment_ms: float) -> Box:
        """The part of it that is sung, with the outline of its first letter."""
        columns, stroke = self.reached(moment_ms), max(1, (self.band.bottom - self.band.top) // 24)
        edge = self.right - columns if self.from_right else self.left + columns
        first, last = (edge, self.right + stroke) if self.from_right else (self.left, edge)
        if not columns:
            return Box(self.band.top, self.band.bottom, round(edge), round(edge))
        return Box(self.band.top, self.band.bottom, max(0, round(first) - stroke), max(0, round(last)))


def row_of(line: LyricLine, text: str, font: Any, *, middle: float, step: float, screen: tuple[int, int]) -> Row:
    """Where a line stands that is drawn with a font around the height `middle` of a screen."""
    (width, height), length = screen, font.getlength(text)
    left = (width - length) / 2
    band = Box(round(max(0, middle - step / 2)), round(min(height, middle + step / 2)), 0, width)
    return Row(left, left + length, band, tuple(_spans(line, text, font)), from_right=is_from_right(text))


def is_from_right(text: str) -> bool:
    """Whether it is read from the right."""
    sides = (unicodedata.bidirectional(letter) for letter in text)
    return next((side for side in sides if side in ("L", "R", "AL")), "L") != "L"


def _spans(line: LyricLine, text: str, font: Any) -> list[Span]:
    """Where the words stand: where they are drawn, or, when they spell another text, by their share of it."""
    width = float(font.getlength(text))
    if not line.words:
        return [Span(line.start_ms or 0, line.end_ms or 0, 0.0, width)]
    pieces = [word.text if word.joined else f"{word.text} " for word in line.words]
    prefixes = ["", *accumulate(pieces)]
    total = max(1, len(prefixes[-1].rstrip()))

    def place(prefix: str) -> float:
        if spelled(line.words) == text:
            return min(width, float(font.getlength(prefix.rstrip())))
        return min(width, width * len(prefix.rstrip()) / total)

    edges = [place(prefix) for prefix in prefixes]
    return [Span(word.start_ms, word.end_ms, *edges[at : at + 2]) for at, word in enumerate(line.words)]
