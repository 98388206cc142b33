"""The formats a transcript can be exported in, for whoever offers them; light enough for the help of a command."""

from __future__ import annotations

from collections.abc import Sequence

from tenuto.exports.base import Format
from tenuto.exports.registry import FORMATS


def listed() -> Sequence[Format]:
    """Every format, by name."""
    return list(FORMATS.values())


def format_names() -> list[str]:
    """The names of the formats there are."""
    return list(FORMATS)


def named_in_a_sentence() -> str:
    """The names as people read them: `a, b or c`."""
    *others, last = FORMATS
    return f"{', '.join(others)} or {last}"
