"""Captions drawn into pictures: light letters on a dark box near the lower edge, in at most two lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from tenuto.domain.columns import count_columns, drawable
from tenuto.domain.lyrics import LyricLine
from tenuto.domain.pages import wrap_line
from tenuto.media.karaoke_fonts import Typefaces, canvas, warnings
from tenuto.media.karaoke_planes import Box, Picture

LETTER_SHARE = 0.042  # of the shorter side
SAFE_SHARE = 0.9  # of the width
LEADING = 1.35
BOTTOM_SHARE = 0.05  # of the height, below the box
PADDING = 0.35  # of the letters' size
MOST_LINES = 2
SMALLEST_LETTERS = 8
INK, BOX, BOX_OPACITY = (255, 255, 255), (0, 0, 0), 0.72


class Captions:
    """Draws captions, and knows which letters of them are in no font."""

    @cached_property
    def _typefaces(self) -> Typefaces:
        return Typefaces()

    def warnings(self, texts: Iterable[str]) -> Iterator[str]:
        """What is not as it should be where these are drawn."""
        lines = [line for text in texts for line in caption_lines(text)]
        for line in lines:
            self._typefaces.find(line)
        return warnings(self._typefaces, "".join(lines))

    def draw(self, picture: Picture, text: str) -> tuple[Picture, Box]:
        """The picture with a text on it, and which part of it that changes."""
        height, width = picture.shape[:2]
        lines = caption_lines(text)
        size, fonts = _fonts(self._typefaces, lines, round(min(height, width) * LETTER_SHARE), width * SAFE_SHARE)
        step = size * LEADING
        pad = size * PADDING
        bottom = height * (1 - BOTTOM_SHARE)
        top = bottom - step * len(lines) - pad
        widest = max(font.getlength(line) for line, font in zip(lines, fonts, strict=True))
        box = Box(
            top=round(top),
            bottom=round(bottom),
            left=max(0, round(width / 2 - widest / 2 - 2 * pad)),
            right=min(width, round(width / 2 + widest / 2 + 2 * pad)),
        )
        made = picture.copy()
        under = made[box.top : box.bottom, box.left : box.right]
        image, draw = canvas((under * (1 - BOX_OPACITY) + np.array(BOX) * BOX_OPACITY).astype(np.uint8))
        for number, (line, font) in enumerate(zip(lines, fonts, strict=True)):
            place = (width / 2 - box.left, top + pad / 2 + step * (number + 0.5) - box.top)
            draw.text(place, line, INK, font, anchor="mm")
        under[:] = np.asarray(image)
        return made, box


def _fonts(typefaces: Typefaces, lines: list[str], size: int, room: float) -> tuple[int, list[Any]]:
    """Letters as large as wanted, or as the widest line allows, and a font for each line."""
    found = [typefaces.find(line) for line in lines]
    widest = max(face.at(size).getlength(line) for face, line in zip(found, lines, strict=True))
    size = size if widest <= room else max(SMALLEST_LETTERS, int(size * room / widest))
    return size, [face.at(size) for face in found]


def caption_lines(text: str) -> list[str]:
    """A caption's own lines if there are two at most, else its words in two of about one length."""
    lines = [line for line in (" ".join(drawable(row).split()) for row in text.splitlines()) if line]
    if len(lines) <= MOST_LINES:
        return lines
    line = LyricLine(" ".join(lines))
    columns = -(-count_columns(line.text) // MOST_LINES)
    while len(rows := wrap_line(line, columns)) > MOST_LINES:
        columns += 1 + columns // 20
    return [row.text for row in rows]
