"""Tap to sync: times that a person gave while the song played, put onto lyrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NoReturn

from tenuto import errors
from tenuto.domain.lyrics import MAX_MS, LyricLine, Lyrics, LyricWord, spelled
from tenuto.domain.wording import pieces

LONGEST_WORD_MS = 2_000  # what the last word of a line lasts at most, when nobody tapped its end


@dataclass(frozen=True)
class Tap:
    """When a line is sung; times are those of the song as it was heard."""

    line: int  # counted from 0, lines without words included
    start_ms: int
    end_ms: int | None = None
    words_ms: tuple[int, ...] = ()  # when each of its words begins, or nothing where only the line was tapped


def words_of(line: LyricLine) -> list[str]:
    """What of a line can be tapped by itself: its words or syllables, as `Tap.words_ms` counts them."""
    return [word.text for word in _pieces(line)]


def tap(lyrics: Lyrics, taps: Sequence[Tap]) -> Lyrics:
    """Put times onto some lines; the offset is worked in, as it was heard, and the other lines stay where they are.

    A line is over when the next one is tapped, at the latest. Words of a line that was tapped as a whole move with it.
    Lines come in the order they are sung: a tap before the time of an earlier line is refused.
    """
    if not taps:
        raise errors.ValidationError("There are no taps.")
    lines = list(lyrics.shown())
    seen: dict[int, Tap] = {}
    for one in taps:
        _check(one, lines)
        if one.line in seen:
            _refuse(one.line, "it is tapped twice")
        seen[one.line] = one
        lines[one.line] = _tapped(lines[one.line], one)
    _check_order(lines, seen)
    return replace(lyrics, lines=tuple(_ended(lines, seen)), offset_ms=0)


def _check(one: Tap, lines: Sequence[LyricLine]) -> None:
    if not 0 <= one.line < len(lines):
        raise errors.ValidationError(
            f"There is no line {one.line + 1}: the lyrics have {len(lines)}, of which the first is number 0 in a tap."
        )
    if not lines[one.line].text:
        _refuse(one.line, "it has no words, so nobody can sing it")
    for time in (one.start_ms, one.end_ms, *one.words_ms):
        if time is not None and not 0 <= time <= MAX_MS:
            _refuse(one.line, f"{_seconds(time)} is no time of a song")
    if one.end_ms is not None and one.end_ms <= one.start_ms:
        _refuse(one.line, f"it ends at {_seconds(one.end_ms)}, not after it begins at {_seconds(one.start_ms)}")
    if one.words_ms:
        _check_words(one, lines[one.line])


def _check_words(one: Tap, line: LyricLine) -> None:
    count = len(_pieces(line))
    if len(one.words_ms) != count:
        _refuse(one.line, f"it has {count} words, and {len(one.words_ms)} were tapped")
    for number, (before, after) in enumerate(pairwise((one.start_ms, *one.words_ms)), start=1):
        if after < before:
            _refuse(one.line, f"word {number} is tapped at {_seconds(after)}, before {_seconds(before)}")
    if one.end_ms is not None and one.words_ms[-1] > one.end_ms:
        _refuse(one.line, f"its last word is tapped at {_seconds(one.words_ms[-1])}, after the line's end")


def _tapped(line: LyricLine, one: Tap) -> LyricLine:
    """The line at the times of a tap; a person's times have no confidence."""
    shift = one.start_ms - line.start_ms if line.start_ms is not None else 0
    end = one.end_ms
    if end is None and line.end_ms is not None:
        end = min(MAX_MS, max(line.end_ms + shift, *one.words_ms, one.start_ms))
    if one.words_ms:
        last = one.words_ms[-1] if end is None else end
        words = _timed(_pieces(line), one.words_ms, last)
    else:
        words = tuple(_moved(word, shift, (one.start_ms, MAX_MS if end is None else end)) for word in line.words)
    return replace(line, start_ms=one.start_ms, end_ms=end, words=words, confidence=None)


def _pieces(line: LyricLine) -> tuple[LyricWord, ...]:
    """The words of a line; those of its text where nobody parted them, or where they are not those of its text."""
    if line.words and "".join(spelled(line.words).split()) == "".join(line.text.split()):
        return line.words
    made = []
    at = 0
    for text in pieces(line.text):
        at = line.text.index(text, at) + len(text)
        made.append(LyricWord(0, 0, text, joined=at < len(line.text) and not line.text[at].isspace()))
    return tuple(made)


def _timed(words: Sequence[LyricWord], starts: Sequence[int], end_ms: int) -> tuple[LyricWord, ...]:
    ends = [*starts[1:], max(end_ms, starts[-1])]
    return tuple(
        replace(word, start_ms=start, end_ms=end) for word, start, end in zip(words, starts, ends, strict=True)
    )


def _moved(word: LyricWord, by_ms: int, bounds: tuple[int, int]) -> LyricWord:
    first, last = bounds
    start = min(last, max(first, word.start_ms + by_ms))
    return replace(word, start_ms=start, end_ms=max(start, min(last, word.end_ms + by_ms)))


def _check_order(lines: Sequence[LyricLine], seen: Mapping[int, Tap]) -> None:
    timed = [(number, line.start_ms) for number, line in enumerate(lines) if line.start_ms is not None]
    for (before, earlier), (number, start) in pairwise(timed):
        if start < earlier and (number in seen or before in seen):
            _refuse(number, f"it would begin at {_seconds(start)}, before line {before + 1} at {_seconds(earlier)}")


def _ended(lines: Sequence[LyricLine], seen: Mapping[int, Tap]) -> list[LyricLine]:
    """The lines, each over when the next one is sung if either of the two was tapped."""
    made: list[LyricLine] = []
    following = MAX_MS
    near = False  # whether the next timed line was tapped
    for number, line in reversed(list(enumerate(lines))):
        tapped = number in seen
        made.append(_over_by(line, following) if line.start_ms is not None and (tapped or near) else line)
        if line.start_ms is not None:
            following, near = line.start_ms, tapped
    return made[::-1]


def _over_by(line: LyricLine, latest_ms: int) -> LyricLine:
    start = line.start_ms or 0
    end = line.end_ms if line.end_ms is None else max(start, min(line.end_ms, latest_ms))
    words = tuple(_moved(word, 0, (start, max(start, latest_ms))) for word in line.words)
    if words and end is None:  # nobody said when the last word is over
        last = words[-1]
        words = (*words[:-1], replace(last, end_ms=max(last.start_ms, min(latest_ms, last.start_ms + LONGEST_WORD_MS))))
    return replace(line, end_ms=end, words=words)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.2f} s"


def _refuse(line: int, why: str) -> NoReturn:
    raise errors.ValidationError(f"Line {line + 1}: {why}.", line=line)
