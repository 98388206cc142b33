"""Corrections of a transcript: its texts and its words change together, and untouched words keep their times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from tenuto.domain.lexicons import Change, Finder, apply, correct
from tenuto.domain.sight import Sight, is_word
from tenuto.domain.transcripts import Segment, Transcript, Word


@dataclass(frozen=True)
class Correction:
    """A change, and the segment it was made in."""

    position: int
    start_ms: int
    change: Change


def correct_transcript(transcript: Transcript, finders: Iterable[Finder]) -> tuple[Transcript, tuple[Correction, ...]]:
    """Apply rules to every segment. No rule reaches over the end of one."""
    segments: list[Segment] = []
    made: list[Correction] = []
    likely = _likely([segment.text for segment in transcript.segments], finders)
    for position, segment in enumerate(transcript.segments):
        corrected, changes = correct_segment(segment, likely[position])
        segments.append(corrected)
        made += [Correction(position, segment.start_ms, change) for change in changes]
    if not made:
        return transcript, ()
    return replace(transcript, segments=tuple(segments)), tuple(made)


def _likely(texts: Sequence[str], finders: Iterable[Finder]) -> list[list[Finder]]:
    """The rules that may match in each text: thousands of rules meet thousands of texts, and few of them each other."""
    whole = Sight("\n".join(texts))
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    found: list[list[Finder]] = [[] for _ in texts]
    for finder in finders:
        places = finder.places(whole)
        positions: Iterable[int] = range(len(texts))
        if places is not None:
            positions = {bisect_right(starts, place) - 1 for place in places}
        for position in positions:
            found[position].append(finder)
    return found


def correct_segment(segment: Segment, finders: Sequence[Finder]) -> tuple[Segment, tuple[Change, ...]]:
    """Apply rules to one segment."""
    corrected = correct(segment.text, finders)
    if not corrected.changes:
        return segment, ()
    words, guessed = _correct_words(segment, corrected.changes, finders)
    flags = segment.flags
    if guessed and "guessed_times" not in flags:
        flags = (*flags, "guessed_times")
    return replace(segment, text=corrected.text, words=words, flags=flags), corrected.changes


def _correct_words(
    segment: Segment, changes: Sequence[Change], finders: Sequence[Finder]
) -> tuple[tuple[Word, ...], bool]:
    spans = _places(segment.text, segment.words)
    if spans is not None:
        return _rewrite(segment.text, segment.words, spans, changes)
    # These words are not what the text says; the rules look at them by themselves.
    text = " ".join(word.text for word in segment.words)
    spans = _places(text, segment.words) or []
    return _rewrite(text, segment.words, spans, correct(text, finders).changes)


def _places(text: str, words: Sequence[Word]) -> list[tuple[int, int]] | None:
    """Where each word stands in the text, or None when they are not its words."""
    spans, place = [], 0
    for word in words:
        letters = word.text.strip()
        start = text.find(letters, place)
        if start < 0 or any(map(is_word, text[place:start])):
            return None
        place = start + len(letters)
        spans.append((start, place))
    return spans


def _rewrite(
    text: str, words: Sequence[Word], spans: Sequence[tuple[int, int]], changes: Sequence[Change]
) -> tuple[tuple[Word, ...], bool]:
    """The words after the changes, and whether some of their times are guessed."""
    made: list[Word] = []
    guessed = False
    place = 0
    for group in _groups(text, spans, changes):
        first, last = group.first, group.last
        made += words[place:first]
        start = min(spans[first][0], group.changes[0].start)
        end = max(spans[last][1], group.changes[-1].end)
        letters = apply(text[start:end], group.changes, start).split()
        old = words[first : last + 1]
        made += _timed(letters, old)
        guessed |= len(letters) != len(old) and len(letters) > 1
        place = last + 1
    return (*made, *words[place:]), guessed


@dataclass
class _Group:
    """Words that changes touch, from the first to the last of them."""

    first: int
    last: int
    changes: list[Change]


def _groups(text: str, spans: Sequence[tuple[int, int]], changes: Sequence[Change]) -> list[_Group]:
    groups: list[_Group] = []
    place = 0
    for change in changes:
        start, end = _reach(text, change)
        while place < len(spans) and spans[place][1] <= start:
            place += 1
        last = place
        while last < len(spans) and spans[last][0] < end:
            last += 1
        if last == place:  # It touches no word, only what stands between two.
            continue
        if groups and place <= groups[-1].last:
            groups[-1].last = max(groups[-1].last, last - 1)
            groups[-1].changes.append(change)
        else:
            groups.append(_Group(place, last - 1, [change]))
    return groups


def _reach(text: str, change: Change) -> tuple[int, int]:
    """From where to where words are touched: where white space went, the words beside it have become one."""
    left, right = change.new[:1] or text[change.end : change.end + 1], change.new[-1:] or text[: change.start][-1:]
    glued_left = change.old[:1].isspace() and left != "" and not left.isspace()
    glued_right = change.old[-1:].isspace() and right != "" and not right.isspace()
    return change.start - glued_left, change.end + glued_right


def _timed(letters: Sequence[str], old: Sequence[Word]) -> list[Word]:
    """New words in the place of old ones: each in the time of its own, or all in the time of all, by their letters."""
    if len(letters) == len(old):
        return [replace(word, text=text) for word, text in zip(old, letters, strict=True)]
    sure = [word.confidence for word in old if word.confidence is not None]
    confidence = sum(sure) / len(sure) if sure else None
    start, length = old[0].start_ms, max(0, old[-1].end_ms - old[0].start_ms)
    total, before = sum(map(len, letters)), 0
    made = []
    for text in letters:
        after = before + len(text)
        made.append(
            Word(start + length * before // total, start + length * after // total, text, confidence, guessed=True)
        )
        before = after
    return made
