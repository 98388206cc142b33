"""Pictures of a deck's slides, by LibreOffice where it is and by a simple renderer otherwise; each says by whom.

A deck is first copied without all that no renderer needs; whatever then opens the copy is a child under limits.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.domain.decks import Deck, SlidePicture, to_json
from tenuto.media.office import INSTALL, VARIABLES, find_office
from tenuto.media.slide_canvas import Canvas

logger = logging.getLogger(__name__)
OFFICE_MEMORY_BYTES = 4 << 30
OFFICE_FILE_BYTES = 1 << 30
OFFICE_CPU_SECONDS, OFFICE_CPU_PER_SLIDE = 60, 3
OFFICE_PATIENCE = 4  # seconds of waiting for each of work
# What of the work is done when the copy and then LibreOffice's pages are there.
COPIED, EXPORTED = 0.05, 0.5
SMALLEST, LARGEST = 16, 7680
# Fonts that were made to take the place of others: their letters are as wide.
AS_WIDE = {
    "calibri": "carlito",
    "cambria": "caladea",
    "arial": "liberationsans",
    "timesnewroman": "liberationserif",
    "couriernew": "liberationmono",
}

Call = Callable[..., dict[str, Any]]
Share = Callable[[float], None]


def office_pool(size: int) -> ChildPool:
    """The children that run LibreOffice, which needs more room than what opens recordings."""
    limits = Limits(memory_bytes=OFFICE_MEMORY_BYTES, file_bytes=OFFICE_FILE_BYTES, open_files=1024)
    return ChildPool(size, limits, idle_seconds=30)


@dataclass(frozen=True)
class SlideDrawer:
    """Draws one deck."""

    call: Call  # of the sandbox: (target, source, target file, more, on_share)
    office: ChildPool | None
    should_stop: Callable[[], bool]
    tell: Share

    def draw(self, source: Path, deck: Deck, canvas: Canvas) -> tuple[SlidePicture, ...]:
        """Draw all slides, the hidden ones too."""
        if not (SMALLEST <= canvas.width <= LARGEST and SMALLEST <= canvas.height <= LARGEST):
            raise errors.ValidationError(f"A picture of a slide is {SMALLEST} to {LARGEST} pixels wide and high.")
        canvas.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=canvas.folder, prefix="draw-") as folder:
            copy = Path(folder, "deck.pptx")
            known = self.call("copy_deck", source, copy)
            self.tell(COPIED)
            why = f"LibreOffice is not here; {INSTALL} for true pictures."
            if self.office is not None and find_office() is not None:
                try:
                    fonts = self._draw_by_office(self.office, copy, len(deck.slides), canvas)
                except (errors.EngineError, errors.RejectedFile) as error:
                    logger.warning("A deck was not drawn.", extra={"action": "deck_not_drawn", "detail": error.message})
                    why = f"LibreOffice could not draw this deck: {error.message}"
                else:
                    return self._pictures(deck, canvas, known, fonts=fonts)
            drawn = self._call("draw_simply", copy, canvas, COPIED, deck=to_json(deck))
        return self._pictures(deck, canvas, known, simple=drawn, why=why)

    def _draw_by_office(self, office: ChildPool, copy: Path, slides: int, canvas: Canvas) -> list[str]:
        """Draw the pages that LibreOffice makes; returns the fonts that it used."""
        cpu_seconds = OFFICE_CPU_SECONDS + OFFICE_CPU_PER_SLIDE * slides
        # The child's own environment is as old as the child, which knows nothing of a user's settings for fonts.
        environment = {name: os.environ.get(name, "") for name in VARIABLES}
        exported = office.call(
            "office",
            "tenuto.media.office:export_pdf",
            {"source": str(copy), "folder": str(copy.parent), "environment": environment},
            cpu_seconds=cpu_seconds,
            timeout_seconds=cpu_seconds * OFFICE_PATIENCE,
            should_stop=self.should_stop,
        )
        self.tell(EXPORTED)
        drawn = self._call("draw_pages", Path(exported["pdf"]), canvas, EXPORTED, slides=slides)
        if drawn["pages"] != slides:
            raise errors.EngineError(f"it made {drawn['pages']} pages of {slides} slides.")
        return list(drawn["fonts"])

    def _call(self, name: str, source: Path, canvas: Canvas, done: float, **more: Any) -> dict[str, Any]:
        where = {"folder": str(canvas.folder), "width": canvas.width, "height": canvas.height}
        return self.call(name, source, more=where | more, on_share=lambda share: self.tell(done + (1 - done) * share))

    def _pictures(
        self,
        deck: Deck,
        canvas: Canvas,
        known: dict[str, Any],
        *,
        fonts: list[str] | None = None,
        simple: dict[str, Any] | None = None,
        why: str = "",
    ) -> tuple[SlidePicture, ...]:
        """Say of each picture who drew it and what is wrong with it."""
        pictures = []
        for number in (slide.number for slide in deck.slides):
            key = str(number)
            flaws = list(known["flaws"].get(key, ()))
            if simple is None:
                renderer = "libreoffice"
                flaws += replaced_fonts(known["fonts"].get(key, ()), fonts or [])
            else:
                renderer = simple["renderers"][key]
                blank = known["things"].get(key, ())
                flaws = [
                    why,
                    *simple["flaws"].get(key, ()),
                    *(f"The {thing} on it is blank." for thing in blank),
                    *flaws,
                ]
            thumbnail = canvas.thumbnail(number)
            pictures.append(SlidePicture(number, canvas.picture(number), renderer, tuple(flaws), thumbnail))
        return tuple(pictures)


def replaced_fonts(wanted: list[str] | tuple[str, ...], used: list[str]) -> list[str]:
    """What to say of fonts that a slide asks for and that no page has; `used` has names as PDFs write them."""
    have = {_plain(name) for name in used}
    flaws = []
    for name in wanted:
        plain = _plain(name)
        if not have or any(one.startswith(plain) for one in have):
            continue
        twin = AS_WIDE.get(plain, "")
        if twin and any(one.startswith(twin) for one in have):
            flaws.append(f"The font {name} is not installed; one whose letters are as wide takes its place.")
        else:
            flaws.append(f"The font {name} is not installed, or has no letters here; lines may break differently.")
    return flaws


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
