"""Which words need times, the stretches of sound to look for them in, and the transcript with what was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.domain.wording import pieces, shared_out

GUESSED, UNMATCHED = "guessed_times", "unmatched"
LONGEST_MS = 30_000  # a stretch is that long at most, unless one segment is longer
PAUSE_MS = 1_000  # a longer pause ends a stretch
MARGIN_MS = 500
MATCHES = -22.0
"""Mean score of a frame: words that are said have -6 to -18, others -24 and below, most below -40."""


@dataclass(frozen=True)
class Stretch:
    """Some segments in a row, and the sound they are said in."""

    start_ms: int
    end_ms: int
    positions: tuple[int, ...]
    words: tuple[tuple[str, ...], ...]  # of each segment
    bounds: tuple[tuple[int, int], ...]  # of each segment, where it is to be looked for by itself

    def apart(self) -> list[Stretch]:
        """The same with each segment in a stretch of its own."""
        return [
            Stretch(bound[0], bound[1], (position,), (words,), (bound,))
            for position, words, bound in zip(self.positions, self.words, self.bounds, strict=True)
        ]


def stretch_from_json(data: Mapping[str, Any]) -> Stretch:
    """Read what `dataclasses.asdict` wrote."""
    words = tuple(tuple(words) for words in data["words"])
    bounds = tuple((start, end) for start, end in data["bounds"])
    return Stretch(data["start_ms"], data["end_ms"], tuple(data["positions"]), words, bounds)


@dataclass(frozen=True)
class Timed:
    """When a word is said; the score tells how well the sound fits, None says that nobody listened for it."""

    start_ms: int
    end_ms: int
    score: float | None = None


def without_times(transcript: Transcript) -> list[int]:
    """The segments that have a text and no words."""
    return [index for index, part in enumerate(transcript.segments) if not part.words and pieces(part.text)]


def with_guesses(transcript: Transcript) -> list[int]:
    """The segments of which some word's time was not heard."""
    return [
        index
        for index, part in enumerate(transcript.segments)
        if pieces(part.text) and (not part.words or GUESSED in part.flags)
    ]


def stretches(transcript: Transcript, positions: Collection[int]) -> list[Stretch]:
    """Cut what is to be timed into stretches of segments that follow each other closely."""
    groups: list[list[int]] = []
    for position in sorted(positions):
        if groups and _goes_on(transcript.segments, groups[-1], position):
            groups[-1].append(position)
        else:
            groups.append([position])
    return [_stretch(transcript, group) for group in groups]


def _goes_on(segments: Sequence[Segment], group: list[int], position: int) -> bool:
    last, following = segments[group[-1]], segments[position]
    near = 0 <= following.start_ms - last.end_ms < PAUSE_MS
    return position == group[-1] + 1 and near and following.end_ms - segments[group[0]].start_ms <= LONGEST_MS


def _stretch(transcript: Transcript, group: list[int]) -> Stretch:
    bounds = tuple(_bounds(transcript, position) for position in group)
    words = tuple(words_to_time(transcript.segments[position]) for position in group)
    return Stretch(bounds[0][0], max(end for _, end in bounds), tuple(group), words, bounds)


def _bounds(transcript: Transcript, position: int) -> tuple[int, int]:
    """A segment with half of the pauses around it, as engines are not exact about where one begins."""
    segments, segment = transcript.segments, transcript.segments[position]
    before = segments[position - 1].end_ms if position else 0
    after = segments[position + 1].start_ms if position + 1 < len(segments) else transcript.duration_ms
    start = segment.start_ms - min(MARGIN_MS, max(0, segment.start_ms - before) // 2)
    return max(0, start), segment.end_ms + min(MARGIN_MS, max(0, after - segment.end_ms) // 2)


def words_to_time(segment: Segment) -> tuple[str, ...]:
    """What is looked for in the sound of a segment."""
    return tuple(word.text for word in segment.words) or tuple(pieces(segment.text))


def guessed_times(segment: Segment) -> list[Timed]:
    """Times for words nobody listens for, by their letters."""
    words = shared_out(words_to_time(segment), segment.start_ms, segment.end_ms)
    return [Timed(word.start_ms, word.end_ms) for word in words]


def fits(times: Sequence[Timed]) -> bool:
    """Whether the sound says these words."""
    heard = [(time.score, max(1, time.end_ms - time.start_ms)) for time in times if time.score is not None]
    length = sum(weight for _, weight in heard)
    return bool(heard) and sum(score * weight for score, weight in heard) / length > MATCHES


def put_times(transcript: Transcript, found: Mapping[int, Sequence[Timed]], *, keep_heard: bool) -> Transcript:
    """The transcript with times for the segments at those positions; `keep_heard` leaves words that were heard."""
    changed = [
        _timed(segment, found[index], keep_heard=keep_heard) if index in found else segment
        for index, segment in enumerate(transcript.segments)
    ]
    return replace(transcript, segments=tuple(changed))


def _timed(segment: Segment, times: Sequence[Timed], *, keep_heard: bool) -> Segment:
    olds = segment.words or tuple(Word(segment.start_ms, segment.end_ms, text) for text in pieces(segment.text))
    if len(olds) != len(times):
        return segment
    matched = fits(times)
    stays = [keep_heard and bool(segment.words) and not word.guessed for word in olds]
    words = _in_order(
        [word if kept else _at(word, time) for word, kept, time in zip(olds, stays, times, strict=True)],
        stays,
    )
    unheard = any(
        time.score is None and not kept and any(letter.isalnum() for letter in word.text)
        for word, kept, time in zip(olds, stays, times, strict=True)
    )
    start, end = min(word.start_ms for word in words), max(word.end_ms for word in words)
    if any(stays) or not matched:
        start, end = min(start, segment.start_ms), max(end, segment.end_ms)
    flags = [flag for flag in segment.flags if flag not in (GUESSED, UNMATCHED)]
    if not matched or unheard:
        flags.append(GUESSED)
    if not matched and any(time.score is not None for time in times):
        flags.append(UNMATCHED)
    return replace(segment, start_ms=start, end_ms=end, words=tuple(words), flags=tuple(flags))


def _at(word: Word, time: Timed) -> Word:
    return replace(word, start_ms=time.start_ms, end_ms=time.end_ms, guessed=time.score is None)


def _in_order(words: list[Word], stays: Sequence[bool]) -> list[Word]:
    """Words whose times are new keep out of those that stay."""
    found: list[Word] = []
    edge = 0
    for index, word in enumerate(words):
        if stays[index]:
            found.append(word)
        else:
            limit = next((words[later].start_ms for later in range(index, len(words)) if stays[later]), None)
            start = max(word.start_ms, edge)
            start = start if limit is None else max(edge, min(start, limit))
            end = max(start, word.end_ms if limit is None else min(word.end_ms, max(limit, start)))
            found.append(replace(word, start_ms=start, end_ms=end))
        edge = max(edge, found[-1].end_ms)
    return found
