"""Who said what: words are given to the turns they fall into, and segments are split where the speaker changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

from tenuto.domain.transcripts import Segment, Transcript, Word


@dataclass(frozen=True)
class Turn:
    """Somebody speaks from here to there; voices are numbered from 0."""

    start_ms: int
    end_ms: int
    speaker: int


class TurnFinder:
    """Finds the turn a stretch of time belongs to: the one it shares most with, else the nearest."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = sorted(turns, key=lambda turn: (turn.start_ms, turn.end_ms))
        self._starts = [turn.start_ms for turn in self._turns]
        self._ends = list(accumulate((turn.end_ms for turn in self._turns), max))  # the latest end so far

    def speaker_at(self, start_ms: int, end_ms: int) -> int | None:
        """Whose time that is; None only when nobody speaks at all."""
        shared: dict[int, int] = {}
        behind = bisect_left(self._starts, max(end_ms, start_ms + 1))
        index = bisect_left(self._ends, start_ms)
        for turn in self._turns[index:behind]:
            length = min(end_ms, turn.end_ms) - max(start_ms, turn.start_ms)
            if length > 0:
                shared[turn.speaker] = shared.get(turn.speaker, 0) + length
        if shared:
            return max(shared, key=lambda speaker: shared[speaker])
        near = [*self._turns[max(0, behind - 1) : behind + 1], *self._latest_before(index)]
        nearest = min(near, key=lambda turn: max(turn.start_ms - end_ms, start_ms - turn.end_ms), default=None)
        return None if nearest is None else nearest.speaker

    def _latest_before(self, index: int) -> Iterator[Turn]:
        """The turn that ends last of those that end before."""
        if index:
            end = self._ends[index - 1]
            yield next(turn for turn in reversed(self._turns[:index]) if turn.end_ms == end)


def assign(transcript: Transcript, turns: Sequence[Turn]) -> tuple[Transcript, dict[int, str]]:
    """The transcript with a speaker for each segment, and the label of each voice that says something."""
    finder = TurnFinder(turns)
    pieces = [piece for segment in transcript.segments for piece in _by_speaker(segment, finder)]
    labels: dict[int, str] = {}
    for speaker, _ in pieces:
        if speaker is not None:
            labels.setdefault(speaker, f"S{len(labels) + 1}")
    segments = tuple(
        segment if speaker is None else replace(segment, speaker=labels[speaker]) for speaker, segment in pieces
    )
    return replace(transcript, segments=segments), labels


def _by_speaker(segment: Segment, finder: TurnFinder) -> Iterator[tuple[int | None, Segment]]:
    if not segment.words:
        yield finder.speaker_at(segment.start_ms, segment.end_ms), segment
        return
    found = [(finder.speaker_at(word.start_ms, word.end_ms), word) for word in segment.words]
    runs = [(speaker, [word for _, word in run]) for speaker, run in groupby(found, key=lambda pair: pair[0])]
    if len(runs) == 1:
        yield runs[0][0], segment
        return
    texts = cut_text(segment.text, [words for _, words in runs])
    for index, ((speaker, words), text) in enumerate(zip(runs, texts, strict=True)):
        start = segment.start_ms if index == 0 else words[0].start_ms
        end = segment.end_ms if index == len(runs) - 1 else max(word.end_ms for word in words)
        yield (
            speaker,
            replace(
                segment,
                start_ms=start,
                end_ms=max(start, end),
                text=text,
                confidence=_confidence(words, segment.confidence),
                words=tuple(words),
            ),
        )


def cut_text(text: str, runs: Sequence[Sequence[Word]]) -> list[str]:
    """The text of each run of words, as it stands in the whole; joined anew when the words are not found in it."""
    places: list[int] = []
    at = 0
    for run in runs:
        for index, word in enumerate(run):
            found = text.find(word.text.strip(), at)
            if found < 0:
                return [" ".join(word.text.strip() for word in run) for run in runs]
            if index == 0:
                places.append(found)
            at = found + len(word.text.strip())
    borders = [0, *places[1:], len(text)]
    return [text[first:last].strip() for first, last in pairwise(borders)]


def count_turns(speakers: Sequence[str | None]) -> dict[str, int]:
    """How often each speaker takes the word: runs of segments, not segments."""
    counts: dict[str, int] = {}
    for speaker, _ in groupby(speakers):
        if speaker is not None:
            counts[speaker] = counts.get(speaker, 0) + 1
    return counts


def _confidence(words: Sequence[Word], otherwise: float | None) -> float | None:
    known = [word.confidence for word in words if word.confidence is not None]
    return round(sum(known) / len(known), 3) if known else otherwise
