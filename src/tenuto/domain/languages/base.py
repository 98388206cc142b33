"""What a language makes of signs, abbreviations and units when a text is read out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Special = tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]]
"""A pattern, and how it is read out; None leaves it as it is."""


def one_or_many(number: str) -> int:
    """Which form of a noun a number takes: the first for one, else the second."""
    return 0 if number == "1" else 1


@dataclass(frozen=True)
class Language:
    """The words of a language for what is written otherwise."""

    short: Mapping[str, str] = field(default_factory=dict)  # abbreviation → words
    short_before_number: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)  # that stand by themselves or beside a number
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # after a number; one, many, as `plural` says
    scales: Mapping[str, str] = field(default_factory=dict)  # after a number: 10k, $3bn
    scales_of_money: Mapping[str, str] = field(default_factory=dict)  # beside those: $5m, which is no metre
    money: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # before a number, with or without a scale
    to: str = ""  # between the numbers of a range
    times: str = ""  # of 3x
    by: str = ""  # of 1920x1080
    number: str = ""  # of #1
    version: str = ""  # of v2.0
    minus: str = ""
    powers: Mapping[str, str] = field(default_factory=dict)  # ² → squared
    address: Mapping[str, str] = field(default_factory=dict)  # @ . / - _ in addresses of mail and pages
    plural: Callable[[str], int] = one_or_many
    special: tuple[Special, ...] = ()
