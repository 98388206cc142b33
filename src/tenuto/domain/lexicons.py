"""Lexicons: rules that correct what engines mishear. Pure: a text in, the text and each change out.

Every rule looks at the text as it was heard, in the order of the list; what an earlier rule has matched, later ones
leave alone. So no correction is corrected again, and two rules may swap two words.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tenuto import errors
from tenuto.domain.sight import Sight, View, view

KINDS = {
    "word": "a whole word or phrase, never a part of a longer word",
    "part": "the letters wherever they stand, inside words too",
    "regex": "a regular expression (RE2)",
}
MAX_RULES = 5_000
MAX_REGEX_RULES = 200
MAX_PATTERN, MAX_REPLACEMENT = 200, 500


@dataclass(frozen=True)
class Rule:
    """One correction."""

    pattern: str
    replacement: str
    kind: str = "word"  # of KINDS
    match_case: bool = False
    is_active: bool = True


@dataclass(frozen=True)
class Lexicon:
    """A named list of rules."""

    name: str
    rules: tuple[Rule, ...] = ()
    uid: str = ""

    def hot_words(self) -> list[str]:
        """What the rules want to be read, for engines that can listen for it."""
        plain = (rule for rule in self.rules if rule.is_active and rule.kind != "regex")
        wanted = (" ".join(rule.replacement.split()) for rule in plain)
        return list(dict.fromkeys(word for word in wanted if word))


class Match(NamedTuple):
    """Where a rule applies, and what it puts there."""

    start: int
    end: int
    new: str


class Finder(Protocol):
    """A rule made ready."""

    number: int  # the rule's place in its lexicon

    def places(self, sight: Sight) -> Iterable[int] | None:
        """Where in a long text it is worth asking for matches; None when that is anywhere."""
        ...

    def matches(self, sight: Sight) -> Iterator[Match]:
        """Where the rule applies, from left to right."""
        ...


@dataclass(frozen=True)
class Change:
    """One correction that was made; `start` counts in the text as it was."""

    start: int
    old: str
    new: str
    rule: int

    @property
    def end(self) -> int:
        """Where it ends in the text as it was."""
        return self.start + len(self.old)


@dataclass(frozen=True)
class Corrected:
    """A text after its corrections."""

    text: str
    changes: tuple[Change, ...]


class LiteralFinder:
    """Finds a word, a phrase or a part of words, whatever white space its words have between them."""

    def __init__(self, number: int, rule: Rule) -> None:
        self.number, self._rule = number, rule
        seen = view(rule.pattern, fold=not rule.match_case).text
        self._search = re.compile(r"\s+".join(re.escape(word) for word in seen.split()))
        self._has_capitals = any(character.isupper() for character in rule.replacement)

    def places(self, sight: Sight) -> Iterator[int]:
        """Where its letters occur, also one within the other."""
        seen, place = self._view(sight), 0
        while (found := self._search.search(seen.text, place)) is not None:
            span = seen.span(*found.span())
            if span is not None:
                yield span[0]
            place = found.start() + 1

    def matches(self, sight: Sight) -> Iterator[Match]:
        """Where it applies."""
        seen, place = self._view(sight), 0
        while (found := self._search.search(seen.text, place)) is not None:
            span = seen.span(*found.span())
            if span is None or (self._rule.kind == "word" and not sight.stands_alone(*span)):
                place = found.start() + 1
                continue
            place = found.end()
            if self._rule.replacement:
                old = sight.text[slice(*span)]
                keeps = self._rule.match_case or self._has_capitals
                yield Match(*span, self._rule.replacement if keeps else in_case_of(old, self._rule.replacement))
            else:
                yield Match(*_with_a_gap(sight.text, *span), "")

    def _view(self, sight: Sight) -> View:
        return sight.exact if self._rule.match_case else sight.folded


def in_case_of(old: str, new: str) -> str:
    """`new` in capitals where `old` is, or with one capital where `old` begins with one."""
    cased = [character for character in old if character.lower() != character.upper()]
    if len(cased) > 1 and all(character.isupper() for character in cased):
        return new.upper()
    if cased and (cased[0].isupper() or cased[0].istitle()):
        return new[:1].title() + new[1:]
    return new


def _with_a_gap(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of a word that goes, and one of the gaps beside it."""
    if start == 0 or text[start - 1].isspace():
        while end < len(text) and text[end].isspace():
            end += 1
    if end == len(text):
        while start > 0 and text[start - 1].isspace():
            start -= 1
    return start, end


def correct(text: str, finders: Iterable[Finder]) -> Corrected:
    """Apply rules to a text."""
    sight = Sight(text)
    starts: list[int] = []
    changes: list[Change] = []
    for finder in finders:
        for start, end, new in finder.matches(sight):
            if start == end or not _is_free(changes, starts, start, end):
                continue
            place = bisect_left(starts, start)
            starts.insert(place, start)
            changes.insert(place, Change(start, text[start:end], new, finder.number))
    made = tuple(change for change in changes if change.old != change.new)
    return Corrected(apply(text, made), made)


def _is_free(changes: list[Change], starts: list[int], start: int, end: int) -> bool:
    place = bisect_right(starts, start)
    before = place == 0 or changes[place - 1].end <= start
    after = place == len(starts) or starts[place] >= end
    return before and after


def apply(text: str, changes: Sequence[Change], offset: int = 0) -> str:
    """Put changes into a text that begins `offset` characters into the one they were made for."""
    parts, place = [], 0
    for change in changes:
        parts += [text[place : change.start - offset], change.new]
        place = change.end - offset
    return "".join([*parts, text[place:]])


def check_rule(rule: Rule) -> None:
    """Refuse a rule that cannot be meant, naming its column."""
    if rule.kind not in KINDS:
        raise errors.ValidationError(f"kind: {rule.kind[:40]!r} is none of {', '.join(KINDS)}.")
    for name, text, most in (
        ("pattern", rule.pattern, MAX_PATTERN),
        ("replacement", rule.replacement, MAX_REPLACEMENT),
    ):
        if len(text) > most:
            raise errors.ValidationError(f"{name}: it has {len(text)} characters, and {most} are the most.")
        odd = next((sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")), None)
        if odd is not None:
            raise errors.ValidationError(f"{name}: it holds the character U+{ord(odd):04X}, which no rule can hold.")
    if not rule.pattern.strip():
        raise errors.ValidationError("pattern: it is empty.")
