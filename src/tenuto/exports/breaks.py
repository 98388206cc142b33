"""Where subtitles break, by the rules of the trade.

A cue has at most two lines of 42 columns, ends where a sentence, a phrase or a breath ends, can be read at 17 letters a
second, lasts from 0.8 to 7 seconds, and leaves no short word alone on a line or in a cue. The widths are never broken;
the other rules are weighed against each other, and the cheapest way to cut the whole run is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from tenuto.exports.wrap import LINE_COLUMNS, Piece

FRAME_MS = 1000 / 24
GAP_MS = round(2 * FRAME_MS)
SHORTEST_MS = round(20 * FRAME_MS)
LONGEST_MS = 7000
COLUMNS_PER_SECOND = 17  # a wide East Asian letter takes two columns, and about twice the time to read
ORPHAN_COLUMNS = 12

_SENTENCE_ENDS = frozenset(".!?…。！？।॥؟۔")  # noqa: RUF001  the full-width forms are meant
_PHRASE_ENDS = frozenset(",;:、，；：،؛–—")  # noqa: RUF001  the same
_CLOSING = "\"'”’»)]}」』】》〉）"  # noqa: RUF001  the same
_BREATH_MS = 800

# What each fault costs; only how they compare matters.
_CUE = 6.0
_PHRASE = 6.0
_PASSAGE = 3.0
_ANYWHERE = 20.0
_UNEVEN = 20.0
_EMPTY_SPACE = 4.0
_ORPHAN = 40.0
_LABEL_ALONE = 100.0
_TOO_SHORT = 20.0
_TOO_FAST = 15.0
_SECOND_TOO_LONG = 5.0


def reading_ms(columns: int) -> int:
    """Return how long so much text must stand to be read."""
    return -(-columns * 1000 // COLUMNS_PER_SECOND)


class Run:
    """What one speaker says without a long pause, measured so that ways to cut it can be compared quickly."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        spaced = [piece.columns + piece.spaced for piece in pieces]
        self._columns = list(accumulate(spaced, initial=0))
        said = [piece.columns if piece.letters else 0 for piece in pieces]
        self._said = list(accumulate(said, initial=0))
        words = [piece.spaced and piece.letters > 0 for piece in pieces]
        self._words = list(accumulate(words, initial=0))
        self._breaks = [_break_cost(*pair) for pair in pairwise(pieces)] + [0.0]
        self._reach = self._line_ends()

    def cut(self) -> list[Sequence[Piece]]:
        """Return the cues of the run, at the least cost."""
        count = len(self.pieces)
        costs, came_from = [0.0] + [float("inf")] * count, [0] * (count + 1)
        for first in range(count):
            for end in range(first + 1, self._cue_end(first) + 1):
                cost = costs[first] + self._cost(first, end)
                if cost < costs[end]:
                    costs[end], came_from[end] = cost, first
        cues, end = [], count
        while end:
            cues.append(self.pieces[came_from[end] : end])
            end = came_from[end]
        return cues[::-1]

    def lines(self) -> list[Sequence[Piece]]:
        """Return the run as one line, or as the two that read best; for a run that is one cue."""
        count = len(self.pieces)
        if self._reach[0] == count:
            return [self.pieces]
        fitting = [middle for middle in range(1, self._reach[0] + 1) if self._reach[middle] == count]
        middle = min(fitting, key=self._line_cost)
        return [self.pieces[:middle], self.pieces[middle:]]

    def _line_ends(self) -> list[int]:
        """For each piece, where a line that starts with it must end; a wider piece has a line to itself."""
        count, end = len(self.pieces), 0
        ends = []
        for first in range(count):
            end = max(end, first + 1)
            while end < count and self._width(first, end + 1) <= LINE_COLUMNS:
                end += 1
            ends.append(end)
        return [*ends, count]

    def _cue_end(self, first: int) -> int:
        return self._reach[self._reach[first]]

    def _width(self, first: int, end: int) -> int:
        return self._columns[end] - self._columns[first] - self.pieces[first].spaced

    def _is_orphan(self, first: int, end: int) -> bool:
        return self._words[end] - self._words[first] <= 1 and self._said[end] - self._said[first] <= ORPHAN_COLUMNS

    def _cost(self, first: int, end: int) -> float:
        """What the pieces from `first` up to `end` cost as a cue."""
        pieces, width = self.pieces, self._width(first, end)
        start_ms, end_ms = pieces[first].start_ms, pieces[end - 1].end_ms
        full = 2 * LINE_COLUMNS
        cost = _CUE + self._breaks[end - 1] + _EMPTY_SPACE * ((full - width) / full) ** 2
        whole = end == len(pieces)
        if not whole:
            shown_ms = max(1, pieces[end].start_ms - GAP_MS - start_ms)
            cost += _TOO_FAST * max(0.0, reading_ms(width) / shown_ms - 1)
            cost += _TOO_SHORT * max(0.0, 1 - shown_ms / SHORTEST_MS)
            if not pieces[end - 1].letters:
                cost += _LABEL_ALONE
        cost += _SECOND_TOO_LONG * max(0.0, (end_ms - start_ms - LONGEST_MS) / 1000)
        if (first or not whole) and self._is_orphan(first, end):
            cost += _ORPHAN
        return cost

    def _line_cost(self, middle: int) -> float:
        count = len(self.pieces)
        uneven = abs(self._width(0, middle) - self._width(middle, count)) / LINE_COLUMNS
        orphans = self._is_orphan(0, middle) + self._is_orphan(middle, count)
        return _UNEVEN * uneven + self._breaks[middle - 1] / 2 + _ORPHAN * orphans


def _break_cost(before: Piece, after: Piece) -> float:
    """What it costs to part two pieces."""
    ending = before.text.rstrip(_CLOSING)[-1:]
    if ending in _SENTENCE_ENDS and ending:
        return 0.0
    cost = _PHRASE if ending in _PHRASE_ENDS and ending else _ANYWHERE
    if before.last:
        cost = min(cost, _PASSAGE)
    return cost * (1 - min(after.start_ms - before.end_ms, _BREATH_MS) / _BREATH_MS)
