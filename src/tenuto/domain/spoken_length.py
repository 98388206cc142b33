"""How long a text will take to say, as far as its letters tell: for what is paid by the minute and not yet said."""

from __future__ import annotations

import unicodedata

# Milliseconds. People and the voices of services need 75 to 85 for a letter, with the pauses between sentences in it.
LETTER_MS, FIGURE_MS, SYLLABLE_MS = 80, 320, 250
SPARE_MS = 1_000
WIDE = ("W", "F")  # Scripts of which each sign is a syllable or more.


def expected_ms(text: str, speed: float = 1.0) -> int:
    """How long it will probably take."""
    return round(sum(_sign_ms(sign) for sign in text if sign.isalnum()) / speed)


def longest_ms(text: str, speed: float = 1.0) -> int:
    """How long it will hardly ever take: what is set aside for a call whose length nobody knows yet."""
    return 2 * expected_ms(text, speed) + SPARE_MS


def _sign_ms(sign: str) -> int:
    if sign.isdecimal():
        return FIGURE_MS
    return SYLLABLE_MS if unicodedata.east_asian_width(sign) in WIDE else LETTER_MS
