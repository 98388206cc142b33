"""Text as a rule sees it: composed, on wish without regard to case, and each place traced back to the text as it is.

An accent may be part of a letter or follow it, and letters grow when their case is folded; both readings are the same
text to a rule. What is cut out of a text is always whole letters with all their marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

JOINERS = "\u200c\u200d_"
# Consonants begin a Korean syllable, these go on with it; they are letters and yet compose.
JAMO = ("\u1160", "\u11ff")
# Thai, Lao, Burmese, Khmer, Hangul, Kana, Bopomofo and Han: a foreign word stands among them without a space.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class View:
    """One reading of a text; `edges` leads from places between whole letters back to the text, None if none moved."""

    text: str
    edges: Mapping[int, int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a stretch of this reading stands in the text; None when it would cut a letter in two."""
        if self.edges is None:
            whole = not any(continues(self.text[at]) for at in (start, end) if 0 < at < len(self.text))
            return (start, end) if whole else None
        if start in self.edges and end in self.edges:
            return self.edges[start], self.edges[end]
        return None


class Sight:
    """A text and the readings of it, each made when it is first needed."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def exact(self) -> View:
        """Composed, its case kept."""
        return view(self.text, fold=False)

    @cached_property
    def folded(self) -> View:
        """Composed, its case folded away."""
        return view(self.text, fold=True)

    def stands_alone(self, start: int, end: int) -> bool:
        """Whether no letter, digit or mark goes on at either side."""
        before = start > 0 and _joined(self.text[start], self.text[start - 1])
        after = end < len(self.text) and _joined(self.text[end - 1], self.text[end])
        return not (before or after)


def view(text: str, *, fold: bool) -> View:
    """Read a text."""
    if text.isascii():
        return View(text.lower() if fold else text)
    text = _SURROGATES.sub("\ufffd", text)
    read = text.casefold() if fold else text
    if len(read) == len(text) and all(unicodedata.is_normalized("NFC", form) for form in (text, read)):
        return View(read)
    return _traced(text, fold=fold)


def _traced(text: str, *, fold: bool) -> View:
    edges, parts, length, start = {0: 0}, [], 0, 0
    for end in range(1, len(text) + 1):
        if end < len(text) and continues(text[end]):
            continue
        part = unicodedata.normalize("NFC", text[start:end])
        part = unicodedata.normalize("NFC", part.casefold()) if fold else part
        parts.append(part)
        length += len(part)
        edges[length] = start = end
    return View("".join(parts), edges)


def continues(character: str) -> bool:
    """Whether it belongs to the letter before it."""
    return unicodedata.category(character)[0] == "M" or JAMO[0] <= character <= JAMO[1]


def is_word(character: str) -> bool:
    """Whether words are made of it: letters, digits and marks of every script, and what joins them."""
    return unicodedata.category(character)[0] in "LMN" or character in JOINERS


def _joined(edge: str, neighbour: str) -> bool:
    """Whether a word goes on from its edge to the neighbour."""
    return is_word(neighbour) and bool(UNSPACED.match(edge)) == bool(UNSPACED.match(neighbour))
