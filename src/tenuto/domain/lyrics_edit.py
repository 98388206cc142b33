"""A changed text of lyrics that were timed: what stayed keeps its times."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from operator import eq

from tenuto.domain.lyrics import MAX_MS, LyricLine, Lyrics, LyricWord, plain

_ALIKE = 0.6  # of their letters, counted from both ends, and two lines are the same one with a word put right
_NEAR = 20  # lines around which such a line is looked for
_MOST_COMPARED = 300  # lines; comparing takes the square of them


def merge_times(old: Lyrics, new_text: str) -> Lyrics:
    """Put another text in place of the words; each line that is still there keeps its times.

    A line with other capitals or commas is the same line, and so is one in which a word was put right; its words keep
    their times if there are as many. Lines that are new have no times.
    """
    texts = [line.text for line in plain(new_text).lines]
    kept = dict(_partners([line.text for line in old.lines], texts))
    lines = (_reworded(old.lines[kept[at]], text) if at in kept else LyricLine(text) for at, text in enumerate(texts))
    return replace(old, lines=tuple(lines))


def fill_times(given: Lyrics, found: Sequence[LyricLine]) -> Lyrics:
    """Give lines that have no times those that were found for them, where they fit between the lines that have."""
    lines = list(given.shown())
    bounds = [line.start_ms for line in lines if line.start_ms is not None]
    earliest, after = 0, iter([*bounds[1:], 2 * MAX_MS])
    latest = bounds[0] if bounds else 2 * MAX_MS
    for at, (line, timed) in enumerate(zip(lines, found, strict=True)):
        if line.start_ms is not None:
            earliest, latest = max(earliest, line.start_ms), next(after)
        elif line.text and timed.start_ms is not None and earliest <= timed.start_ms <= latest:
            lines[at], earliest = timed, timed.start_ms
    return replace(given, lines=tuple(lines), offset_ms=0)


def _partners(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of the number of a new line and that of the old one it was, both ascending."""
    first, second = [_key(text) for text in old], [_key(text) for text in new]
    if max(len(first), len(second)) > _MOST_COMPARED:
        yield from _in_order(first, second)
        return
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from zip(range(new_from, new_to), range(old_from, old_to), strict=True)
        elif kind == "replace":
            at = old_from
            for number in range(new_from, new_to):
                near = range(at, min(old_to, at + _NEAR))
                partner = next((other for other in near if _alike(old[other], new[number])), None)
                if partner is not None:
                    yield number, partner
                    at = partner + 1


def _in_order(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Each new line with the next old one of the same words; for texts too long to compare all with all."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, key in enumerate(old):
        places[key].append(number)
    at = 0
    for number, key in enumerate(new):
        found = places.get(key, [])
        place = bisect_left(found, at)
        # A line that comes back far below would take the times of all lines between.
        if place < len(found) and found[place] - at <= _MOST_COMPARED:
            yield number, found[place]
            at = found[place] + 1


def _key(text: str) -> str:
    return re.sub(r"\W", "", text).casefold() or text


def _alike(one: str, two: str) -> bool:
    """Whether a line is another one with a word put right, or with one more or less."""
    words = [[_key(word) for word in text.split()] for text in (one, two)]
    if len(words[0]) == len(words[1]) and 2 * _same(*words) >= len(words[0]) > 1:
        return True
    letters = sorted((_key(one), _key(two)), key=len)
    begin = _leading(*letters)
    end = _leading(letters[0][begin:][::-1], letters[1][begin:][::-1])
    return begin + end >= _ALIKE * len(letters[1])


def _same(one: Sequence[str], two: Sequence[str]) -> int:
    return sum(map(eq, one, two))


def _leading(one: str, two: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def _reworded(line: LyricLine, text: str) -> LyricLine:
    if text == line.text:
        return line
    return replace(line, text=text, words=tuple(_rewritten(line.words, text.split())))


def _rewritten(words: Sequence[LyricWord], texts: Sequence[str]) -> list[LyricWord]:
    """The words with other letters, or none where there are not as many."""
    groups: list[list[LyricWord]] = [[]]
    for word in words:
        groups[-1].append(word)
        if not word.joined:
            groups.append([])
    if not groups[-1]:
        groups.pop()
    if len(groups) != len(texts):
        return []
    return [word for group, text in zip(groups, texts, strict=True) for word in _respelled(group, text)]


def _respelled(syllables: Sequence[LyricWord], text: str) -> list[LyricWord]:
    """A word with other letters; its syllables stay if only its end changed."""
    begin = "".join(syllable.text for syllable in syllables[:-1])
    last = syllables[-1]
    if text.startswith(begin) and len(text) > len(begin):
        return [*syllables[:-1], replace(last, text=text[len(begin) :])]
    return [LyricWord(syllables[0].start_ms, last.end_ms, text, syllables[0].pitch, last.joined)]
