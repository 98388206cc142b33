"""Whether an upload is a deck, and its parts: which there are, how they lead to each other, and what each may hold.

Nothing outside the archive is ever looked at: a part that lies elsewhere is named in a warning, or the deck is refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from tenuto import errors
from tenuto.media.deck_xml import LARGEST_PART_BYTES, check_start, read_xml
from tenuto.media.deck_zip import Archive

ZIP_MAGIC = (b"PK\3\4", b"PK\5\6")
OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
MAGIC_BYTES = 8
XML_ENDINGS = (".xml", ".rels", ".vml", ".svg")
TYPES = "[Content_Types].xml"
POWERPOINT = "application/vnd.openxmlformats-officedocument.presentationml."
DECKS = frozenset(f"{POWERPOINT}{kind}.main+xml" for kind in ("presentation", "slideshow", "template"))
# What else comes in such archives, by a piece of the main part's type.
OTHERS = {
    "macroEnabled": "The deck holds macros, which are programs: save it as .pptx without them and send it again.",
    "wordprocessingml": "The file is a Word document, not a deck of slides: send a .pptx.",
    "spreadsheetml": "The file is an Excel workbook, not a deck of slides: send a .pptx.",
}
OPEN_DOCUMENT = "The file is an OpenDocument file: save it as PowerPoint (.pptx) and send it again."
NO_DECK = "The file is a ZIP archive and neither a recording nor a PowerPoint deck (.pptx)."
OLE = (
    "The file is an old Office document or one with a password: save it as PowerPoint (.pptx) without a password and"
    " send it again."
)


@dataclass(frozen=True)
class Link:
    """How one part leads to another: by what kind of relationship, and where to."""

    kind: str  # the last word of the relationship's type: slide, notesSlide, image, hyperlink ...
    target: str  # the name of a part, or an address elsewhere
    external: bool


def looks_like_deck(file: BinaryIO) -> bool:
    """Whether the file is to be opened as a deck, or refused as one; recordings never begin like this."""
    file.seek(0)
    head = file.read(MAGIC_BYTES)
    return head.startswith((*ZIP_MAGIC, OLE_MAGIC))


class Package:
    """The parts of a deck; made only of an archive that is one."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        if file.read(MAGIC_BYTES) == OLE_MAGIC:
            raise errors.UnsupportedMedia(OLE)
        self.archive = Archive(file)
        self._names = {name.casefold(): name for name in self.archive.members}
        if TYPES.casefold() not in self._names:
            raise errors.UnsupportedMedia(OPEN_DOCUMENT if "mimetype" in self._names else NO_DECK)
        self.main = self._find_main()
        for name, member in self.archive.members.items():
            if name.lower().endswith(XML_ENDINGS):
                check_start(name, self.archive.pieces(member))

    def _find_main(self) -> str:
        """The presentation's part; any other kind of document is refused by what it is."""
        types = self.types
        for kind in types.values():
            for word, refusal in OTHERS.items():
                if word in kind and kind.endswith("main+xml"):
                    raise errors.UnsupportedMedia(refusal)
        if any(name.endswith("vbaproject.bin") for name in self._names):
            raise errors.UnsupportedMedia(OTHERS["macroEnabled"])
        mains = [link for link in self.links("").values() if link.kind == "officeDocument"]
        if len(mains) != 1 or mains[0].external or (name := self.find(mains[0].target)) is None:
            raise errors.UnsupportedMedia(NO_DECK)
        if types.get(f"/{name}".casefold()) not in DECKS:
            raise errors.UnsupportedMedia(NO_DECK)
        return name

    @cached_property
    def types(self) -> Mapping[str, str]:
        """The declared type of each part that has its own, by its name behind a stroke, in small letters."""
        found = self.xml(TYPES)
        own = (element for element in found if element.tag.endswith("}Override"))
        return {element.get("PartName", "").casefold(): element.get("ContentType", "") for element in own}

    def find(self, name: str) -> str | None:
        """The name of a part as the archive has it."""
        return self._names.get(name.casefold()) or self._names.get(unquote(name).casefold())

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a part."""
        return self.archive.pieces(self.archive.members[name])

    def xml(self, name: str) -> Element:
        """The tree of a part."""
        found = self.find(name)
        if found is None:
            raise errors.BrokenMedia(f"The deck has no part {name!r}: save the deck again and send it.")
        return read_xml(found, self.archive.pieces(self.archive.members[found], LARGEST_PART_BYTES))

    def links(self, name: str) -> dict[str, Link]:
        """Where a part leads to, by the ids it uses; the empty name is the archive itself."""
        folder, _, base = name.rpartition("/")
        found = self.find(f"{folder}/_rels/{base}.rels".lstrip("/"))
        if found is None:
            return {}
        links = {}
        for element in self.xml(found):
            external = element.get("TargetMode", "").lower() == "external"
            target = element.get("Target", "")
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target.partition("#")[0])).lstrip("/")
            kind = element.get("Type", "").rpartition("/")[2]
            links[element.get("Id", "")] = Link(kind, target, external)
        return links
