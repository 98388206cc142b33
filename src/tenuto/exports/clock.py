"""When each piece of a segment's text is said: by the times of its words, or shared out by letters without them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from tenuto.domain.transcripts import Segment, Word
from tenuto.exports.plain import one_line
from tenuto.exports.wrap import Piece


def time_pieces(segment: Segment, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces of a segment's whole text with their times, which never leave the segment or step back."""
    first = max(0, segment.start_ms)
    last = max(first, segment.end_ms)
    clock = _Clock(segment, pieces)
    edges = list(accumulate((piece.letters for piece in pieces), initial=0))
    # Words can lie out of order or outside of their segment; pieces never do.
    # Only words that are those of the text say when its first letter is said.
    said = [clock.start_at(0) if clock.heard else first, *map(clock.start_at, edges[1:-1])]
    starts = [*accumulate((min(last, max(first, start)) for start in said), max), last]
    timed = []
    for number, piece in enumerate(pieces):
        end_ms = min(starts[number + 1], max(starts[number], clock.end_at(edges[number + 1])))
        if number == len(pieces) - 1 and not clock.heard:
            end_ms = last
        timed.append(replace(piece, start_ms=starts[number], end_ms=end_ms, heard=clock.heard))
    return timed


class _Clock:
    """Tells when a letter of a text is said."""

    def __init__(self, segment: Segment, pieces: Sequence[Piece]) -> None:
        letters = [one_line(word.text).replace(" ", "") for word in segment.words]
        self._words = [word for word, said in zip(segment.words, letters, strict=True) if said]
        counts = [len(said) for said in letters if said]
        text = "".join(piece.text for piece in pieces)
        self.heard = "".join(letters) == text
        if not self._words:
            self._words = [Word(segment.start_ms, segment.end_ms, "")]
            counts = [len(text)]
        self._edges = list(accumulate(counts, initial=0))
        # An edited text has more or fewer letters than its words.
        self._scale = self._edges[-1] / len(text)

    def start_at(self, letter: int) -> int:
        position = letter * self._scale
        return self._time(bisect_right(self._edges, position) - 1, position)

    def end_at(self, letter: int) -> int:
        position = letter * self._scale
        return self._time(bisect_left(self._edges, position) - 1, position)

    def _time(self, index: int, position: float) -> int:
        index = min(max(index, 0), len(self._words) - 1)
        word, low, high = self._words[index], self._edges[index], self._edges[index + 1]
        return round(word.start_ms + (word.end_ms - word.start_ms) * (position - low) / (high - low))
