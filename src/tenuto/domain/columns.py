"""How wide a text is on a screen, and its letters as a reader sees them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_VIRAMA = 9  # the combining class of signs that tie two consonants of an Indic script together
_ZERO_WIDTH_JOINER = "\u200d"
_NOT_AT_LINE_START = frozenset("、。，．・：；？！）」』】》〉ー”’…")  # noqa: RUF001  the full-width forms are meant
_NOT_AT_LINE_END = frozenset("（「『【《〈“‘")  # noqa: RUF001  the same


def count_columns(text: str) -> int:
    """Return how many columns `text` takes: two for a wide East Asian letter, none for a mark."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def drawable(text: str) -> str:
    """Return `text` with a space for each sign that cannot be drawn: line breaks, controls, halves of letters."""
    return "".join(" " if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char for char in text)


def cut_letters(word: str) -> Iterator[str]:
    """Yield the letters of `word` as a reader sees them: marks, emoji sequences, flags and syllables stay whole."""
    start, flag_halves = 0, 0
    for position, char in enumerate(word):
        second_half = _is_flag_half(char) and flag_halves % 2 == 1
        if position and not second_half and not _belongs_together(word[position - 1], char):
            yield word[start:position]
            start = position
        flag_halves = flag_halves + 1 if _is_flag_half(char) else 0
    yield word[start:]


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _belongs_together(before: str, char: str) -> bool:
    return (
        unicodedata.category(char) in {"Mn", "Mc", "Me", "Cf"}
        or before == _ZERO_WIDTH_JOINER
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or unicodedata.combining(before) == _VIRAMA
        or "\u1160" <= char <= "\u11ff"  # the later parts of a Hangul syllable
        or "\ud7b0" <= char <= "\ud7fb"
        or char in _NOT_AT_LINE_START
        or before in _NOT_AT_LINE_END
    )
