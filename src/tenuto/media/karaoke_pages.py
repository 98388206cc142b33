"""Pages of lyrics as pictures: each drawn before and after it is sung, and put together anew for each moment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tenuto.domain.columns import drawable
from tenuto.domain.lyrics import LyricLine
from tenuto.domain.pages import Page, wrap_line
from tenuto.media.karaoke_fonts import Typefaces, canvas
from tenuto.media.karaoke_look import Colour, Look
from tenuto.media.karaoke_planes import Box, Picture, Planes
from tenuto.media.karaoke_rows import Row, row_of

SAFE_SHARE = 0.9  # of the width; what lies beyond may be cut off by a television
LINE_SHARE = 0.085  # of the shorter side: the size of letters
LEADING = 1.7
TITLE_SHARE, ARTIST_SHARE = 0.1, 0.06
TITLE_PLACE, ARTIST_PLACE = 0.45, 0.6  # of the height
NAME_LEADING = 1.25
MOST_NAME_ROWS = 3
SMALLEST_LETTERS = 6
DOT_MS = 1000
MOST_DOTS = 3


class Screen:
    """What is to be seen, page by page."""

    def __init__(self, look: Look, typefaces: Typefaces) -> None:
        self.look, self.typefaces = look, typefaces
        shades = np.linspace(look.top, look.bottom, look.height)[:, None, :]
        self._background: Picture = np.broadcast_to(shades, (look.height, look.width, 3)).astype(np.uint8)
        self.empty = Planes.of(self._background)

    @cached_property
    def card(self) -> Planes:
        """The names, to be seen before the first page and behind the last one."""
        look = self.look
        image, draw = canvas(self._background)
        title, artist = self._names(look.title), self._names(look.artist)
        self._write_names(draw, title, TITLE_SHARE, look.height * TITLE_PLACE, above=True)
        self._write_names(draw, artist, ARTIST_SHARE, look.height * ARTIST_PLACE, above=False)
        return Planes.of(np.asarray(image))

    def draw(self, page: Page) -> Drawn:
        """A page before and after it is sung."""
        look = self.look
        texts = [drawable(line.text) for line in page.lines]
        size = self._size(texts, LINE_SHARE)
        step = size * LEADING
        middles = [look.height / 2 + (number - (len(texts) - 1) / 2) * step for number in range(len(texts))]
        pictures = []
        for colour in (look.unsung, look.sung):
            image, draw = canvas(self._background)
            for text, middle in zip(texts, middles, strict=True):
                self._write(draw, (look.width / 2, middle), text, size, colour=colour)
            pictures.append(np.asarray(image))
        rows = tuple(
            row_of(line, text, self._font(text, size), middle=middle, step=step, screen=(look.width, look.height))
            for line, text, middle in zip(page.lines, texts, middles, strict=True)
        )
        return Drawn(page, rows, pictures, look.sung)

    def _names(self, text: str) -> list[str]:
        line, columns = LyricLine(drawable(text)), self.look.columns
        while len(rows := wrap_line(line, columns)) > MOST_NAME_ROWS:
            columns += columns // 4  # Small letters, but all of them.
        return [row.text for row in rows]

    def _write_names(self, draw: Any, rows: Sequence[str], share: float, middle: float, *, above: bool) -> None:
        """Write rows around a height; those that do not fit in one stand above it, or below."""
        size = self._size(rows, share)
        step = size * NAME_LEADING
        first = middle - (len(rows) - 1) * step * above
        for number, row in enumerate(rows):
            self._write(draw, (self.look.width / 2, first + number * step), row, size, colour=self.look.unsung)

    def _font(self, text: str, size: int) -> Any:
        return self.typefaces.find(text).at(size)

    def _size(self, texts: Sequence[str], share: float) -> int:
        """As large as wanted, or as the widest text allows."""
        size = round(min(self.look.width, self.look.height) * share)
        widest = max((self._font(text, size).getlength(text) for text in texts), default=0)
        room = self.look.width * SAFE_SHARE
        return size if widest <= room else max(SMALLEST_LETTERS, int(size * room / widest))

    def _write(self, draw: Any, place: tuple[float, float], text: str, size: int, *, colour: Colour) -> None:
        stroke = max(1, round(size / 16))
        font = self._font(text, size)
        draw.text(place, text, colour, font, anchor="mm", stroke_width=stroke, stroke_fill=self.look.outline)


class Drawn:
    """A page as pictures: what is sung is cut from one and pasted into the other."""

    def __init__(self, page: Page, rows: tuple[Row, ...], pictures: Sequence[Picture], dots: Colour) -> None:
        self.page, self.rows = page, rows
        self._dots = [_dot_box(pictures[0], rows[0], number) for number in range(MOST_DOTS)]
        dotted = pictures[0].copy()
        for box in self._dots:
            _draw_dot(dotted, box, dots)
        self._unsung, self._sung, self._dotted = map(Planes.of, (*pictures, dotted))
        self._begins = min(row.spans[0].start_ms for row in rows if row.spans)
        self._now, self._state = self._unsung.copy(), (0,) * (1 + len(rows))

    def state(self, moment_ms: float) -> tuple[int, ...]:
        """What the picture depends on: as long as it is the same, so is the picture."""
        return (self._dots_at(moment_ms), *(row.reached(moment_ms) for row in self.rows))

    def at(self, moment_ms: float) -> Planes:
        """The page at one moment; the next one asked for overwrites it, where it differs."""
        state = self.state(moment_ms)
        for row, before, now in zip(self.rows, self._state[1:], state[1:], strict=True):
            if before != now:
                self._now.paste(self._unsung, row.band)
                self._now.paste(self._sung, row.sung(moment_ms))
        if self._state[0] != state[0]:
            for number, box in enumerate(self._dots):
                self._now.paste(self._dotted if number < state[0] else self._unsung, box)
        self._state = state
        return self._now

    def _dots_at(self, moment_ms: float) -> int:
        left = self._begins - moment_ms
        return min(MOST_DOTS, int(left // DOT_MS) + 1) if 0 < left <= self.page.countdown_ms else 0


def _dot_box(picture: Picture, first: Row, number: int) -> Box:
    height, width = picture.shape[:2]
    size = max(4, min(height, width) // 54)
    top = max(0, first.band.top - 2 * size)
    left = width // 2 + round((number - (MOST_DOTS - 1) / 2) * 3 * size) - size // 2
    return Box(top, top + size, left, left + size)


def _draw_dot(picture: Picture, box: Box, colour: Colour) -> None:
    size = box.bottom - box.top
    rows, columns = np.ogrid[:size, :size]
    inside = (rows - size / 2 + 0.5) ** 2 + (columns - size / 2 + 0.5) ** 2 <= (size / 2) ** 2
    picture[box.top : box.bottom, box.left : box.right][inside] = colour
