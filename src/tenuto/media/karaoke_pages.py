"""Pages of lyrics as pictures: each drawn twice, before and after it is sung, and put together anew for each moment."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto.domain.lyrics import LyricLine, spelled
from tenuto.domain.pages import Page
from tenuto.media.karaoke_fonts import Typeface, library
from tenuto.media.karaoke_look import Colour, Look

Picture = npt.NDArray[np.uint8]
SAFE_SHARE = 0.9  # of the width; what lies beyond may be cut off by a television
LINE_SHARE = 0.085  # of the height: the size of letters
LEADING = 1.7
TITLE_SHARE, ARTIST_SHARE = 0.1, 0.06
DOT_MS = 1000
MOST_DOTS = 3


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
    top: int
    bottom: int
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


class Screen:
    """What is to be seen, page by page."""

    def __init__(self, look: Look, typeface: Typeface) -> None:
        self.look, self.typeface = look, typeface
        self._images, _ = library()
        shades = np.linspace(look.top, look.bottom, look.height)[:, None, :]
        self.empty: Picture = np.broadcast_to(shades, (look.height, look.width, 3)).astype(np.uint8)

    def title(self) -> Picture:
        """The card before the first page."""
        look = self.look
        image, draw = self._canvas()
        for text, share, middle in ((look.title, TITLE_SHARE, 0.45), (look.artist, ARTIST_SHARE, 0.6)):
            font = self._fitting([text], round(look.height * share))
            self._write(draw, (look.width / 2, look.height * middle), text, font, colour=look.unsung)
        return np.asarray(image)

    def draw(self, page: Page) -> Drawn:
        """A page before and after it is sung."""
        look = self.look
        texts = [_visible(line.text) for line in page.lines]
        font = self._fitting(texts, round(look.height * LINE_SHARE))
        step = font.size * LEADING
        first = look.height / 2 - step * (len(texts) - 1) / 2
        pictures: list[Picture] = []
        for colour in (look.unsung, look.sung):
            image, draw = self._canvas()
            for number, text in enumerate(texts):
                self._write(draw, (look.width / 2, first + number * step), text, font, colour=colour)
            pictures.append(np.asarray(image))
        rows = tuple(
            self._row(line, text, font, first + number * step)
            for number, (line, text) in enumerate(zip(page.lines, texts, strict=True))
        )
        return Drawn(page, pictures[0], pictures[1], rows, look.sung)

    def _row(self, line: LyricLine, text: str, font: Any, middle: float) -> Row:
        width, half = font.getlength(text), font.size * LEADING / 2
        left = (self.look.width - width) / 2
        bounds = (round(max(0, middle - half)), round(min(self.look.height, middle + half)))
        spans = tuple(_spans(line, text, font))
        return Row(left, left + width, *bounds, spans, from_right=_from_right(text))

    def _canvas(self) -> tuple[Any, Any]:
        from PIL import ImageDraw  # noqa: PLC0415 - `library` has made sure that it is there

        image = self._images.fromarray(self.empty)
        return image, ImageDraw.Draw(image)

    def _fitting(self, texts: Sequence[str], size: int) -> Any:
        """The font, as large as wanted or as the widest text allows."""
        widest = max((self.typeface.at(size).getlength(text) for text in texts), default=0)
        room = self.look.width * SAFE_SHARE
        return self.typeface.at(size if widest <= room else max(6, int(size * room / widest)))

    def _write(self, draw: Any, place: tuple[float, float], text: str, font: Any, *, colour: Colour) -> None:
        stroke = max(1, round(font.size / 16))
        draw.text(place, text, colour, font, anchor="mm", stroke_width=stroke, stroke_fill=self.look.outline)


@dataclass
class Drawn:
    """A page as pictures."""

    page: Page
    unsung: Picture
    sung: Picture
    rows: tuple[Row, ...]
    dots: Colour

    def state(self, moment_ms: float) -> tuple[int, ...]:
        """What the picture depends on: as long as it is the same, so is the picture."""
        return (self._dots_at(moment_ms), *(row.reached(moment_ms) for row in self.rows))

    def at(self, moment_ms: float) -> Picture:
        """The page at one moment."""
        dots, *reached = self.state(moment_ms)
        picture = self.unsung.copy()
        for row, columns in zip(self.rows, reached, strict=True):
            edge = row.right - columns if row.from_right else row.left + columns
            first, last = (edge, row.right) if row.from_right else (row.left, edge)
            part = np.s_[row.top : row.bottom, max(0, round(first) - (columns > 0) * self._stroke) : round(last)]
            if columns:
                picture[part] = self.sung[part]
        for number in range(dots):
            self._dot(picture, number)
        return picture

    @cached_property
    def _stroke(self) -> int:
        return max(1, (self.rows[0].bottom - self.rows[0].top) // 24) if self.rows else 0

    def _dots_at(self, moment_ms: float) -> int:
        begins = min(row.spans[0].start_ms for row in self.rows if row.spans)
        left = begins - moment_ms
        return min(MOST_DOTS, int(left // DOT_MS) + 1) if 0 < left <= self.page.countdown_ms else 0

    def _dot(self, picture: Picture, number: int) -> None:
        size = max(4, picture.shape[0] // 54)
        top = max(0, self.rows[0].top - 2 * size)
        left = picture.shape[1] // 2 + round((number - (MOST_DOTS - 1) / 2) * 3 * size) - size // 2
        rows, columns = np.ogrid[:size, :size]
        inside = (rows - size / 2 + 0.5) ** 2 + (columns - size / 2 + 0.5) ** 2 <= (size / 2) ** 2
        picture[top : top + size, left : left + size][inside] = self.dots


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


def _visible(text: str) -> str:
    """The text without signs that cannot be drawn."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter for letter in text)


def _from_right(text: str) -> bool:
    """Whether it is read from the right."""
    sides = (unicodedata.bidirectional(letter) for letter in text)
    return next((side for side in sides if side in ("L", "R", "AL")), "L") != "L"
