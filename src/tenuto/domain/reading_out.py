"""How written words are read out: as notes or a lexicon say, then as a language reads its signs."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tenuto.domain.forms import forms_of
from tenuto.domain.lexicons import Change, Finder, apply, correct
from tenuto.domain.sentences import Span

TOKEN = re.compile(r"\S+")
SILENT = "*_#~^|\\`<>[](){}•"  # signs that some engines would name


@dataclass(frozen=True)
class Reading:
    """Some words of the notes, and how they are read out; empty for what nobody reads out."""

    shown: str
    spoken: str


def pronounced(text: str, given: Sequence[Change], finders: Sequence[Finder], language: str) -> list[Change]:
    """What is spoken otherwise than it is written, from left to right."""
    rules = [*finders, *forms_of(language)]
    found = [change for change in correct(text, rules).changes if not _meets(change, given)]
    return sorted([*given, *found], key=lambda change: change.start)


def _meets(change: Change, others: Sequence[Change]) -> bool:
    after = bisect_left(others, change.end, key=lambda other: other.start)
    return after > 0 and others[after - 1].end > change.start


def readings(text: str, spans: Sequence[Span], changes: Sequence[Change]) -> Iterator[tuple[Reading, ...]]:
    """The words of each span, those together that a change spans."""
    upcoming = 0
    for span in spans:
        found: list[Reading] = []
        start = end = span.start
        inside: list[Change] = []
        for token in TOKEN.finditer(text, span.start, span.end):
            if not inside or inside[-1].end <= token.start():
                found += _reading(text, start, end, inside)
                start, inside = token.start(), []
            end = token.end()
            while upcoming < len(changes) and changes[upcoming].start < end:
                inside.append(changes[upcoming])
                upcoming += 1
        yield _ended([*found, *_reading(text, start, end, inside)])


def _ended(parts: list[Reading]) -> tuple[Reading, ...]:
    """With the full stop that ends the sentence, where it was also that of an abbreviation."""
    last = parts[-1] if parts else Reading("", "")
    if last.shown.endswith(".") and last.spoken[-1:].isalnum():
        parts[-1] = Reading(last.shown, f"{last.spoken}.")
    return tuple(parts)


def _reading(text: str, start: int, end: int, changes: Sequence[Change]) -> Iterator[Reading]:
    if start < end:
        yield Reading(" ".join(text[start:end].split()), sayable(apply(text[start:end], changes, start)))


def sayable(text: str) -> str:
    """Without signs and pictures that nobody reads out."""
    kept = "".join(" " if sign in SILENT or unicodedata.category(sign) in ("So", "Sk", "Cf") else sign for sign in text)
    return " ".join(kept.split())
