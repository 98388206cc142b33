"""Text cut where a line may break: at spaces, and in words wider than a line between what a reader sees as letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenuto.domain.columns import count_columns, cut_letters

LINE_COLUMNS = 42


@dataclass(frozen=True, slots=True)
class Piece:
    """What is never broken: a word, or one letter of a word that is wider than a line."""

    text: str
    columns: int
    spaced: bool  # a space stands before it
    letters: int  # its share of the time; a speaker's label takes none
    start_ms: int = 0
    end_ms: int = 0
    heard: bool = False  # whether its time is that of a word, and not shared out by letters
    last: bool = False  # whether its passage ends with it


def cut_pieces(text: str, *, spoken: bool = True) -> list[Piece]:
    """Cut a line into what must stay together."""
    pieces: list[Piece] = []
    for word in text.split(" "):
        parts = [word] if count_columns(word) <= LINE_COLUMNS else cut_letters(word)
        for number, part in enumerate(parts):
            pieces.append(Piece(part, count_columns(part), number == 0, len(part) if spoken else 0))
    return pieces


def join_pieces(line: Sequence[Piece]) -> str:
    """Return the text of one line."""
    return "".join(" " + piece.text if piece.spaced and number else piece.text for number, piece in enumerate(line))
