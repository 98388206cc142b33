"""The options of jobs on songs: each named, bounded and read from JSON or from the text of a form."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from tenuto import errors
from tenuto.domain.music import FASTEST, LOUDEST_GUIDE_DB, MOST_SEMITONES, QUIETEST_GUIDE_DB, SLOWEST
from tenuto.engines.registry import AUTO
from tenuto.media.edges import LONGEST_FADE_SECONDS

MAX_TEXT = 120
SMALLEST_SIDE, LARGEST_SIDE = 144, 3840
LEAST_FPS, MOST_FPS = 10, 60
Check = Callable[[str, Any], Any]
"""Takes an option's name and what was given for it; returns its value, or refuses it."""


def text(name: str, given: Any) -> str:
    """A short text."""
    if not isinstance(given, str) or len(given) > MAX_TEXT:
        raise errors.ValidationError(f"{name} must be a short text.", field=name)
    return given


def line(most: int) -> Check:
    """A text of one line, such as a title; runs of blanks become one."""

    def check(name: str, given: Any) -> str:
        if not isinstance(given, str) or len(given) > most:
            raise errors.ValidationError(f"{name} must be a text of at most {most:,} characters.", field=name)
        found = " ".join(given.split())
        if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in found):
            raise errors.ValidationError(f"{name} holds signs that are no text; leave them out.", field=name)
        return found

    return check


def flag(name: str, given: Any) -> bool:
    """Yes or no."""
    known = {True: True, False: False, "true": True, "false": False}
    if not isinstance(given, bool | str) or given not in known:
        raise errors.ValidationError(f"{name} must be true or false.", field=name)
    return known[given]


def between(low: float, high: float) -> Check:
    """A number within bounds."""

    def check(name: str, given: Any) -> float:
        try:
            number = math.nan if isinstance(given, bool) else float(given)
        except (TypeError, ValueError):
            number = math.nan
        if not low <= number <= high:
            raise errors.ValidationError(f"{name} must be a number from {_shown(low)} to {_shown(high)}.", field=name)
        return number

    return check


def _shown(bound: float) -> str:
    """A bound as people write it: whole numbers in full."""
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def whole(low: int, high: int, *, even: bool = False) -> Check:
    """A whole number within bounds."""

    def check(name: str, given: Any) -> int:
        number = between(low, high)(name, given)
        if number % (2 if even else 1):
            raise errors.ValidationError(f"{name} must be a whole{' and even' * even} number.", field=name)
        return int(number)

    return check


def one_of(*known: str) -> Check:
    """One of a few words."""

    def check(name: str, given: Any) -> str:
        if given not in known:
            raise errors.ValidationError(f"{name} must be one of {', '.join(known)}.", field=name)
        return str(given)

    return check


def guide_level(name: str, given: Any) -> float | None:
    """How loud the voice is that guides the singer; None, or an empty field of a form, for no voice."""
    if given in (None, ""):
        return None
    level: float = between(QUIETEST_GUIDE_DB, LOUDEST_GUIDE_DB)(name, given)
    return level


ENGINE = (AUTO, text)
AGAIN = (False, flag)
SOUND: Mapping[str, tuple[Any, Check]] = {
    "guide_db": (None, guide_level),
    "semitones": (0.0, between(-MOST_SEMITONES, MOST_SEMITONES)),
    "tempo": (1.0, between(SLOWEST, FASTEST)),
}
FADE = (0.0, between(0.0, LONGEST_FADE_SECONDS))
EDGES: Mapping[str, tuple[Any, Check]] = {"fade_in": FADE, "fade_out": FADE, "trim": (False, flag)}
PICTURE: Mapping[str, tuple[Any, Check]] = {
    "width": (1920, whole(SMALLEST_SIDE, LARGEST_SIDE, even=True)),
    "height": (1080, whole(SMALLEST_SIDE, LARGEST_SIDE, even=True)),
    "fps": (25, whole(LEAST_FPS, MOST_FPS)),
}


def checker(kind: str, known: Mapping[str, tuple[Any, Check]]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """What checks the options of a kind of job; `known` is name → (default, check)."""

    def check(given: Mapping[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise errors.ValidationError(f"Unknown option {unknown[0]!r}; {kind} takes {', '.join(known)}.")
        return {name: rule(name, given.get(name, default)) for name, (default, rule) in known.items()}

    return check
