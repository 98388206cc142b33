"""Reads a deck: the slides in their order, with titles, notes and words. Only the parts with words are unpacked."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO
from xml.etree.ElementTree import Element

from tenuto import errors
from tenuto.domain.decks import Deck, Slide
from tenuto.media.deck_guard import Link, Package
from tenuto.media.deck_text import RELATIONS, SLIDES, diagram_words, notes_words, slide_words

MOST_SLIDES = 2_000
MOST_NOTES = 50_000
MOST_NOTES_TOGETHER = 3_000_000
MOST_TEXT = 20_000
MOST_NAME = 300
SMALLEST, LARGEST = 914_400, 51_206_400  # PowerPoint's own bounds for a slide: one inch and 56
SECTIONS = "{http://schemas.microsoft.com/office/powerpoint/2010/main}"
CORE = "{http://purl.org/dc/elements/1.1/}"
FETCHED_BY_NOBODY = {"hyperlink"}


def read_deck(file: BinaryIO) -> Deck:
    """Read all that is said and shown, or refuse the file."""
    return DeckReader(Package(file)).deck()


class DeckReader:
    """One deck on its way."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.warnings: list[str] = []
        self.presentation = package.xml(package.main)

    def deck(self) -> Deck:
        """All of it."""
        sections = self._sections()
        slides = [
            replace(self._slide(number, name), section=sections.get(uid, ""))
            for number, (uid, name) in enumerate(self.slide_parts(), 1)
        ]
        if sum(len(slide.notes) for slide in slides) > MOST_NOTES_TOGETHER:
            raise errors.LimitExceeded("The deck's notes have more than three million letters: cut it into several.")
        width, height = self._size()
        properties = self._core_properties()
        return Deck(
            slides=tuple(slides),
            title=_short(properties.findtext(f"{CORE}title")),
            author=_short(properties.findtext(f"{CORE}creator")),
            width=width,
            height=height,
            warnings=tuple(self.warnings),
        )

    def slide_parts(self) -> list[tuple[str, str]]:
        """The id and the part of each slide, in the deck's order."""
        listed = self.presentation.findall(f"{SLIDES}sldIdLst/{SLIDES}sldId")
        if not listed:
            raise errors.BrokenMedia("The deck has no slides: there is nothing to show.")
        if len(listed) > MOST_SLIDES:
            raise errors.LimitExceeded(
                f"The deck has {len(listed)} slides and this server takes at most {MOST_SLIDES}: cut it into several."
            )
        links = self.package.links(self.package.main)
        found = []
        for number, entry in enumerate(listed, 1):
            link = links.get(entry.get(f"{RELATIONS}id", ""))
            name = self._part(link, "slide")
            if name is None:
                raise errors.BrokenMedia(f"Slide {number} is missing in the deck: save it again and send it.")
            found.append((entry.get("id", ""), name))
        if len({name for _, name in found}) < len(found):
            raise errors.BrokenMedia("The deck lists a slide twice: save it again and send it.")
        return found

    def _part(self, link: Link | None, kind: str) -> str | None:
        """The part a link leads to, when it is of that kind and lies in the deck."""
        if link is None or link.external or link.kind != kind:
            return None
        return self.package.find(link.target)

    def _slide(self, number: int, name: str) -> Slide:
        page, links = self.package.xml(name), self.package.links(name)
        title, words, diagrams = slide_words(page)
        for uid in diagrams:
            data = self._part(links.get(uid), "diagramData")
            if data is not None:
                diagram_words(self.package.xml(data), words)
        self._warn_of_links(number, links)
        notes, language = self._notes(number, links)
        return Slide(
            number=number,
            title=_short(title.text),
            notes=notes,
            text=words.text[:MOST_TEXT],
            hidden=page.get("show") in ("0", "false"),
            language=language or words.language or title.language,
        )

    def _notes(self, number: int, links: dict[str, Link]) -> tuple[str, str]:
        """What is said, and in which language."""
        link = next((link for link in links.values() if link.kind == "notesSlide"), None)
        if link is None:
            return "", ""
        name = self._part(link, "notesSlide")
        if name is None:
            self.warnings.append(f"The notes of slide {number} are missing in the deck.")
            return "", ""
        words = notes_words(self.package.xml(name))
        if len(words.text) > MOST_NOTES:
            raise errors.LimitExceeded(
                f"The notes of slide {number} have {len(words.text)} letters and at most {MOST_NOTES} are taken: move"
                " some to another slide."
            )
        return words.text, words.language

    def _warn_of_links(self, number: int, links: dict[str, Link]) -> None:
        elsewhere = {link.kind for link in links.values() if link.external} - FETCHED_BY_NOBODY
        if elsewhere:
            kinds = ", ".join(sorted(kind[:40] for kind in elsewhere))
            self.warnings.append(
                f"Slide {number} shows something that lies outside the deck ({kinds}); it is not fetched, and missing."
            )

    def _sections(self) -> dict[str, str]:
        """The section of each slide, by the slide's id."""
        found = {}
        for section in self.presentation.iter(f"{SECTIONS}section"):
            for member in section.iter(f"{SECTIONS}sldId"):
                found[member.get("id", "")] = _short(section.get("name"))
        return found

    def _size(self) -> tuple[int, int]:
        size = self.presentation.find(f"{SLIDES}sldSz")
        if size is None:
            return Deck.width, Deck.height
        try:
            width, height = int(size.get("cx", "")), int(size.get("cy", ""))
        except ValueError:
            width = height = 0
        if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
            raise errors.LimitExceeded("The deck's slides are smaller than one inch or larger than 56: resize them.")
        return width, height

    def _core_properties(self) -> Element:
        """The deck's own title and author; a deck without is no worse."""
        link = next((link for link in self.package.links("").values() if link.kind == "core-properties"), None)
        name = self._part(link, "core-properties")
        return Element("empty") if name is None else self.package.xml(name)


def _short(text: str | None) -> str:
    return " ".join((text or "").split())[:MOST_NAME]
