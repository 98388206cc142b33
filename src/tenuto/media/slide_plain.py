"""The words of a slide on a white page: what is shown when nobody can draw it."""

from __future__ import annotations

import textwrap
from typing import Any

from tenuto.domain.decks import Slide
from tenuto.media.slide_canvas import Canvas, pillow

LINES = 18  # that a page has room for
LETTERS = 60  # that a line has room for
MARGIN = 0.06


def draw_words(slide: Slide, canvas: Canvas, aspect: float) -> Any:
    """Write title and words, as many as have room."""
    from PIL import ImageDraw, ImageFont  # noqa: PLC0415 - of the extra `slides`

    width = round(min(canvas.width, canvas.height * aspect))
    height = round(min(canvas.height, canvas.width / aspect))
    page = pillow().new("RGB", (max(width, 1), max(height, 1)), "white")
    pen, line, left = ImageDraw.Draw(page), height * (1 - 2 * MARGIN) / LINES, width * MARGIN
    words = [row for paragraph in slide.text.splitlines() for row in textwrap.wrap(paragraph, LETTERS)]
    title = slide.title or f"Slide {slide.number}"
    pen.text((left, height * MARGIN), textwrap.shorten(title, LETTERS), "black", ImageFont.load_default(line))
    for index, row in enumerate(words[: LINES - 2], 2):
        pen.text((left, height * MARGIN + index * line), row, "black", ImageFont.load_default(line * 0.7))
    return page
