"""XML from strangers, by expat alone: no document types, hence no entities, and nothing is ever fetched.

A tree is built under limits of depth, of elements and of attributes, and is small when it is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from tenuto import errors

LARGEST_PART_BYTES = 16 << 20
DEEPEST = 200
MOST_ELEMENTS = 300_000
MOST_ATTRIBUTES = 500
ENCODINGS = frozenset(("utf-8", "utf-16"))
STRICT = "http://purl.oclc.org/ooxml/"
# Decks saved as "strict" have other namespaces for the same things.
TRANSITIONAL = {
    f"{STRICT}presentationml/main": "http://schemas.openxmlformats.org/presentationml/2006/main",
    f"{STRICT}drawingml/main": "http://schemas.openxmlformats.org/drawingml/2006/main",
    f"{STRICT}drawingml/diagram": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    f"{STRICT}officeDocument/relationships": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
}


class _Enough(Exception):
    """The start was read."""


class GuardedParser:
    """One part's parser; says which part it was when it refuses."""

    def __init__(self, name: str, *, start_only: bool = False) -> None:
        self._name, self._start_only = name, start_only
        self._depth = self._elements = 0
        self._names: dict[str, str] = {}
        self.tree = TreeBuilder()
        self._expat = ParserCreate(namespace_separator="}")
        self._expat.buffer_text = True
        self._expat.XmlDeclHandler = self._declaration
        self._expat.StartDoctypeDeclHandler = self._document_type
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self.tree.data

    def parse(self, pieces: Iterable[bytes]) -> None:
        """Read it all, or only up to the first element."""
        try:
            for piece in pieces:
                self._expat.Parse(piece, False)
            self._expat.Parse(b"", True)
        except _Enough:
            return
        except (ExpatError, ValueError, LookupError) as error:
            raise errors.BrokenMedia(
                f"The deck's part {self._name!r} is damaged ({error}): save the deck again and send it."
            ) from error

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ENCODINGS:
            raise errors.BrokenMedia(f"The deck's part {self._name!r} is not written in UTF-8: this is no deck.")

    def _document_type(self, *_told: Any) -> None:
        raise errors.BrokenMedia(
            f"The deck's part {self._name!r} declares a document type, which decks never do: it is not opened."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._start_only:
            raise _Enough
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS or len(attributes) > MOST_ATTRIBUTES:
            raise errors.LimitExceeded(
                f"The deck's part {self._name!r} is deeper or has more elements or attributes than this server opens."
            )
        self.tree.start(self._full(name), {self._full(key): value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        self._depth -= 1
        self.tree.end(self._full(name))

    def _full(self, name: str) -> str:
        """`{namespace}name`, in the namespaces that most decks use."""
        full = self._names.get(name)
        if full is None:
            space, mark, local = name.rpartition("}")
            full = f"{{{TRANSITIONAL.get(space, space)}}}{local}" if mark else name
            self._names[name] = full
        return full


def read_xml(name: str, pieces: Iterable[bytes]) -> Element:
    """The tree of a part."""
    parser = GuardedParser(name)
    parser.parse(pieces)
    return parser.tree.close()


def check_start(name: str, pieces: Iterable[bytes]) -> None:
    """Refuse a part that declares a document type; nothing behind its first element is read."""
    GuardedParser(name, start_only=True).parse(pieces)
