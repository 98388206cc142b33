"""What a job that came with a text instead of a file is called in lists."""

from __future__ import annotations

LONGEST_TITLE = 60


def first_words(text: str) -> str:
    """The first words of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"
