"""A copy of a deck that may be handed to programs that trust decks: without anything that is not needed to draw it.

What stays is the XML, checked, and pictures of bounded size. Links that lead elsewhere are gone, and what was hidden
is shown, so that page and slide have the same number.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from tenuto import errors
from tenuto.media.deck_guard import Link, Package
from tenuto.media.deck_reader import DeckReader
from tenuto.media.deck_text import DRAWING
from tenuto.media.deck_xml import LARGEST_PART_BYTES, read_xml

MOST_PIXELS = 50_000_000
LARGEST_PICTURE_BYTES = 32 << 20
NOWHERE = "https://link.invalid/"
HIDDEN = re.compile(rb"""(<(?:\w+:)?sld\b[^>]*?)\sshow=(["'])(?:0|false)\2""")
BYTE_ORDERS = (b"\xff\xfe", b"\xfe\xff")
METAFILES = (b"\x01\0\0\0", b"\xd7\xcd\xc6\x9a", b"\x01\0\x09\0")
SVG_WORDS = re.compile(r"@import|url\(\s*['\"]?(?!#)", re.IGNORECASE)
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
THINGS = {
    "chart": "chart",
    "diagramData": "SmartArt",
    "oleObject": "embedded object",
    "package": "embedded object",
    "video": "film",
    "control": "control",
}
"""What a slide may hold beside shapes and pictures, by the kind of link to it."""


class DeckCopy:
    """One deck on its way out."""

    def __init__(self, file: BinaryIO) -> None:
        self.package = Package(file)
        self.slides = [name for _, name in DeckReader(self.package).slide_parts()]
        self.lost: dict[str, str] = {}  # a part, and why it was left out

    def write(self, target: Path) -> None:
        """Write all that is needed to draw the slides."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for name in self.package.archive.members:
                copy.writestr(zipfile.ZipInfo(name), self._cleaned(name), zipfile.ZIP_DEFLATED)

    def _cleaned(self, name: str) -> bytes:
        ending = name.lower().rpartition(".")[2]
        try:
            if ending == "rels":
                return self._links(name)
            if ending in ("xml", "vml") or name in self.slides or name == self.package.main:
                return self._words(name)
            return self._picture(name, ending)
        except errors.RejectedFile as refusal:
            if name in self.slides or name == self.package.main:
                raise
            self.lost[name] = refusal.message
            return b""

    def _words(self, name: str) -> bytes:
        data = self._whole(name, LARGEST_PART_BYTES)
        read_xml(name, [data])
        if name not in self.slides:
            return data
        if data.startswith(BYTE_ORDERS):
            text = data.decode("utf-16").encode()
            data = re.sub(rb"^<\?xml[^>]*\?>", b'<?xml version="1.0" encoding="UTF-8"?>', text)
        return HIDDEN.sub(rb"\1", data, count=1)

    def _links(self, name: str) -> bytes:
        rows = []
        for element in read_xml(name, [self._whole(name, LARGEST_PART_BYTES)]):
            kind, target, mode = (element.get(key, "") for key in ("Type", "Target", "TargetMode"))
            if mode.lower() == "external":
                if not kind.endswith("/hyperlink"):
                    continue
                target = NOWHERE  # It keeps the colour of a link.
            outside = ' TargetMode="External"' if mode.lower() == "external" else ""
            uid = quoteattr(element.get("Id", ""))
            rows.append(f"<Relationship Id={uid} Type={quoteattr(kind)} Target={quoteattr(target)}{outside}/>")
        return f'<Relationships xmlns="{RELATIONS}">{"".join(rows)}</Relationships>'.encode()

    def _picture(self, name: str, ending: str) -> bytes:
        """A picture, when it is one; films, sounds, fonts and documents inside the deck are not needed."""
        head = next(self.package.pieces(name), b"")
        if ending == "svg":
            data = self._whole(name, LARGEST_PART_BYTES)
            return data if svg_is_harmless(read_xml(name, [data])) else b""
        if ending in ("emf", "wmf") and head.startswith(METAFILES):
            return self._whole(name, LARGEST_PICTURE_BYTES)
        if not is_raster(head):
            return b""
        data = self._whole(name, LARGEST_PICTURE_BYTES)
        check_pixels(data)
        return data

    def _whole(self, name: str, most: int) -> bytes:
        return b"".join(self.package.archive.pieces(self.package.archive.members[name], most))

    def flaws(self) -> dict[int, list[str]]:
        """What cannot be shown of each slide, whoever draws it."""
        found: dict[int, list[str]] = defaultdict(list)
        for number, name in enumerate(self.slides, 1):
            for link in self.package.links(name).values():
                if link.external and link.kind != "hyperlink":
                    found[number].append(f"What lies outside the deck ({link.kind[:40]}) is not shown.")
                elif not link.external and (why := self.lost.get(self.package.find(link.target) or "")):
                    found[number].append(f"The {link.kind[:40]} on it was left out: {why}")
                elif link.kind == "video":
                    found[number].append("The film on it does not play: its still picture is shown.")
        return found

    def things(self) -> dict[int, list[str]]:
        """What simple renderers leave blank on each slide."""
        return {number: _things(self.package.links(name).values()) for number, name in enumerate(self.slides, 1)}

    def fonts(self) -> dict[int, list[str]]:
        """The fonts that each slide asks for, those of the theme included."""
        themes = [link for link in self.package.links(self.package.main).values() if link.kind == "theme"]
        of_theme: set[str] = set()
        for link in themes[:1]:
            if not link.external and self.package.find(link.target):
                of_theme = typefaces(self.package.xml(link.target))
        own = {number: typefaces(self.package.xml(name)) for number, name in enumerate(self.slides, 1)}
        return {number: sorted(names | of_theme) for number, names in own.items()}


def _things(links: Iterable[Link]) -> list[str]:
    return sorted({THINGS[link.kind] for link in links if link.kind in THINGS})


def typefaces(tree: Element) -> set[str]:
    """The names of fonts for Latin letters; "+mn-lt" and such stand for the theme's."""
    names = {element.get("typeface", "") for element in tree.iter(f"{DRAWING}latin")}
    return {name for name in names if name and not name.startswith("+")}


def is_raster(head: bytes) -> bool:
    """Whether it begins as a picture of pixels that both renderers know."""
    return head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*"))


def check_pixels(data: bytes) -> None:
    """Refuse a picture that would fill the memory, by what its header says."""
    from PIL import Image  # noqa: PLC0415 - of the extra `slides`

    Image.MAX_IMAGE_PIXELS = None  # We look ourselves.
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
    except (OSError, ValueError, SyntaxError) as error:
        raise errors.BrokenMedia("it is damaged.") from error
    if width * height > MOST_PIXELS:
        raise errors.LimitExceeded(f"it has {width} by {height} pixels, more than this server draws.")


def svg_is_harmless(tree: Element) -> bool:
    """Whether a drawing leads nowhere but into itself."""
    for element in tree.iter():
        for name, value in element.attrib.items():
            if name.rpartition("}")[2] == "href" and not value.startswith(("#", "data:image/")):
                return False
            if SVG_WORDS.search(value):
                return False
        if SVG_WORDS.search(element.text or ""):
            return False
    return True
