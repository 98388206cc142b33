"""Where sentences end, in the scripts people write, and where a long one may be cut."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a text."""

    start: int
    end: int


# Full stops of Latin, Arabic, Indian, Armenian, Ethiopic, Khmer and Burmese end a sentence before a space; those of
# Chinese and Japanese wherever they stand.
ENDING = re.compile(r"(?:[.!?…؟۔।॥։።።៕။]+|(?P<wide>[。！？｡]+))[\"'”’»›)\]」』）】]*")
CUTS = (re.compile(r"[;:،؛；：]\s|\s[–—]\s|[；：]"), re.compile(r"[,،、，]\s?"), re.compile(r"\s"))
TOKEN_BEFORE = 24  # letters before a full stop that are looked at
LAST_TOKEN = re.compile(r"[^\s(\[\"'“‘„«]+$")
INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]|(?:[^\W\d_]{1,3}\.)+[^\W\d_]{1,3}")  # J, J.K, p.ex
SHORT_NUMBER = re.compile(r"\d{1,3}")
# What has a full stop and goes on, whatever follows.
ABBREVIATIONS = {
    "": "prof dr st vs",
    "en": "mr mrs ms messrs mt rev hon gen col sgt capt lt cmdr gov sen rep pres supt ave blvd rd no nos vol vols pp"
    " fig figs eq sec ch ca approx est dept univ cf viz al incl excl"
    " jan feb aug sept oct nov dec p.s",
    "de": "hr fr frl nr str bzw z.b d.h u.a o.ä v.a i.d.r ca evtl ggf inkl exkl zzgl abs art bd jh jhd mio mrd"
    " tel vgl s.o s.u sog geb gest dipl ing u.u z.t z.zt st max tsd jan"
    " feb febr aug sept okt nov dez",
    "fr": "m mm mme mlle mgr av bd env ex p.ex c.-à-d chap fig n° no vol art janv févr avr juil sept oct nov déc",
    "es": "sr sra srta sres d dña ud uds av avda núm nº pág págs p.ej ej vol art cap tel aprox ee.uu",
    "ru": "г гг ул д кв им т.е т.д т.п т.к т.н др пр см стр рис гл тыс млн млрд руб коп проф акад н.э напр",
}  # fmt: skip
# These end a sentence when a capital follows, and go on otherwise.
MAY_END = {"etc", "usw", "u.s.w", "p.m", "a.m", "inc", "ltd", "co", "corp", "jr", "т.д", "т.п", "др"}
# These go on whatever follows, and these only before a number.
GOES_ON = {"e.g", "i.e"}
COUNTS_BEFORE = {
    "no", "nos", "nr", "fig", "figs", "eq", "sec", "ch", "vol", "p", "pp", "art", "núm", "стр", "рис", "гл",
    "jan", "feb", "febr", "aug", "sept", "oct", "okt", "nov", "dec", "dez",
}  # fmt: skip


def sentences(text: str, language: str, whole: Sequence[Span] = (), *, most: int) -> list[Span]:
    """The sentences of a paragraph, none longer than `most` unless it has no place to cut; none ends in a `whole`."""
    found: list[Span] = []
    start, inside = 0, iter([*whole, Span(len(text) + 1, len(text) + 1)])
    current = next(inside)
    for ending in ENDING.finditer(text):
        while current.end <= ending.start():
            current = next(inside)
        if current.start < ending.end() < current.end or not _ends(text, ending, language):
            continue
        found += _shortened(text, Span(start, ending.end()), whole, most)
        start = ending.end()
    found += _shortened(text, Span(start, len(text)), whole, most)
    return found


def _ends(text: str, ending: re.Match[str], language: str) -> bool:
    if ending["wide"]:
        return True
    after = text[ending.end() : ending.end() + 40]
    if not after.strip():
        return True
    if not after[0].isspace():
        return False
    following = after.lstrip(" \t\u00a0\"'“”„«»‘’([¿¡—–-")[:1]
    if following.islower():
        return False
    if not ending[0].startswith(".") or ending[0].startswith(".."):
        return True
    before = LAST_TOKEN.search(text, max(0, ending.start() - TOKEN_BEFORE), ending.start())
    return before is None or not _is_short_form(before[0].lower(), following, language)


def _is_short_form(written: str, following: str, language: str) -> bool:
    """Whether the full stop after `written` belongs to it."""
    known = f"{ABBREVIATIONS['']} {ABBREVIATIONS.get(language, '')}".split()
    if written in GOES_ON:
        return True
    if written in MAY_END:
        return False
    if written in COUNTS_BEFORE and written in known:
        return following.isdigit()
    if SHORT_NUMBER.fullmatch(written):
        return language == "de"  # "am 5. Mai": an ordinal
    return written in known or (written != "i" and bool(INITIALS.fullmatch(written)))


def _shortened(text: str, span: Span, whole: Sequence[Span], most: int) -> Iterator[Span]:
    """A sentence in parts of at most `most` characters, cut after a phrase where there is one, else after a word."""
    start, end = span
    while end - start > most:
        cut = _outside(_cut(text, start, start + most), start, whole)
        yield Span(start, cut)
        start = cut
    if text[start:end].strip():
        yield Span(start, end)


def _outside(cut: int, start: int, whole: Sequence[Span]) -> int:
    """The cut, or the edge of what it would cut in two."""
    before = whole[bisect_left(whole, Span(cut, 0)) - 1] if whole else Span(0, 0)
    if not before.start < cut < before.end:
        return cut
    return before.start if before.start > start else before.end


def _cut(text: str, start: int, latest: int) -> int:
    earliest = start + (latest - start) // 3
    for kind in CUTS:
        places = [found.end() for found in kind.finditer(text, earliest, latest)]
        if places:
            return places[-1]
    return latest
