"""Passages cut into what fits on a screen: cues of at most two lines, in the order they start.

What one speaker says without a long pause is one run and is cut as a whole, whatever segments it came in. Overlapping
speech stays overlapping, players show both. A cue that must be read faster than it is said stays into the pause that
follows; two frames before the next one starts it is gone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from tenuto.domain.columns import count_columns
from tenuto.domain.transcripts import Transcript
from tenuto.exports.breaks import GAP_MS, LONGEST_MS, SHORTEST_MS, Run, reading_ms
from tenuto.exports.clock import time_pieces
from tenuto.exports.plain import Passage, passages
from tenuto.exports.wrap import Piece, cut_pieces, join_pieces

PAUSE_MS = 1000  # a pause that ends a run
LABEL_COLUMNS = 24  # of a speaker's name before what is said
DRAWN_MS = 200  # what a cue lasts even where the next one starts at once, or before it


@dataclass(frozen=True)
class Cue:
    """What stands on the screen at one time."""

    start_ms: int
    end_ms: int
    lines: tuple[tuple[Piece, ...], ...]
    speaker: str

    @property
    def texts(self) -> tuple[str, ...]:
        """Its lines as they are read."""
        return tuple(join_pieces(line) for line in self.lines)


def make_cues(transcript: Transcript, *, labelled: bool, tidy: Callable[[str], str] = str) -> list[Cue]:
    """Cut a transcript into cues; `labelled` puts the speaker's name before each run, `tidy` goes over all texts."""
    tidied = [_tidy(passage, tidy) for passage in passages(transcript)]
    cues = [cue for speaker, run in _runs(tidied, labelled=labelled) for cue in _cut_run(run, speaker)]
    return list(_shown(sorted(cues, key=lambda cue: cue.start_ms)))


def _tidy(passage: Passage, tidy: Callable[[str], str]) -> Passage:
    text, speaker = tidy(passage.text), tidy(passage.speaker)
    if text == passage.text:
        return replace(passage, speaker=speaker)
    words = tuple(replace(word, text=tidy(word.text)) for word in passage.segment.words)
    return Passage(replace(passage.segment, words=words), text, speaker)


def _runs(passages: Iterable[Passage], *, labelled: bool) -> Iterator[tuple[str, list[Piece]]]:
    """Who speaks and the timed pieces of what is said without a long pause."""
    speaker, run = "", list[Piece]()
    for passage in passages:
        pieces = time_pieces(passage.segment, cut_pieces(passage.text))
        pieces[-1] = replace(pieces[-1], last=True)
        for piece in pieces:
            goes_on = run and speaker == passage.speaker and 0 <= piece.start_ms - run[-1].end_ms < PAUSE_MS
            if not goes_on:
                if run:
                    yield speaker, run
                speaker, run = passage.speaker, []
                if labelled and speaker:
                    run = [
                        replace(label, start_ms=piece.start_ms, end_ms=piece.start_ms)
                        for label in cut_pieces(f"{_short(speaker)}:", spoken=False)
                    ]
            run.append(piece)
    if run:
        yield speaker, run


def _short(speaker: str) -> str:
    """A name that leaves room for what is said."""
    if count_columns(speaker) <= LABEL_COLUMNS:
        return speaker
    fits = next(end for end in range(len(speaker), -1, -1) if count_columns(speaker[:end]) < LABEL_COLUMNS)
    return f"{speaker[:fits].rstrip()}…"


def _cut_run(run: list[Piece], speaker: str) -> Iterator[Cue]:
    for pieces in Run(run).cut():
        lines = tuple(tuple(line) for line in Run(pieces).lines())
        yield Cue(pieces[0].start_ms, pieces[-1].end_ms, lines, speaker)


def _shown(cues: list[Cue]) -> Iterator[Cue]:
    """The cues with the time they are to be seen; given is when they are said."""
    starts = [cue.start_ms for cue in cues]
    for number, cue in enumerate(cues):
        start_ms = cue.start_ms
        columns = sum(map(count_columns, cue.texts))
        end_ms = max(cue.end_ms, start_ms + max(SHORTEST_MS, reading_ms(columns)))
        # Cues that start while this one is said are overlapping speech and do not end it.
        following = bisect_left(starts, cue.end_ms - GAP_MS, lo=number + 1)
        if following < len(starts):
            end_ms = min(end_ms, starts[following] - GAP_MS)
        end_ms = min(end_ms, start_ms + LONGEST_MS)
        yield replace(cue, end_ms=max(end_ms, start_ms + DRAWN_MS))
