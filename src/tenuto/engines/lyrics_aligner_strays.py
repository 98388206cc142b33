"""Brings short words home that were heard at the wrong side of a pause.

A "the" or "and" fits the end of the line before nearly as well as the breath before its own. When silence parts the
first word from its line, and less silence from the line before, it is sung where the voice sets in again; the last
word likewise.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from tenuto.engines.lyrics_aligner_places import Span
from tenuto.engines.lyrics_aligner_voice import FRAME_MS, Voice

PAUSE_MS = 400  # of silence within a line, before anything is suspected
WORD_MS = 150  # where no pause tells how long the word is
LONGEST_WORD_MS = 600

Lines = dict[int, tuple[Span, ...]]


def gathered(lines: Mapping[int, tuple[Span, ...]], voice: Voice) -> Lines:
    """The lines with strays beside their neighbours."""
    found: Lines = {}
    before = 0
    for at, spans in sorted(lines.items()):
        found[at] = _first_home(spans, before, voice) if len(spans) > 1 else spans
        before = max(before, spans[-1][1])
    for at, after in pairwise(sorted(found)):
        if len(found[at]) > 1:
            found[at] = _last_home(found[at], found[after][0][0], voice)
    return found


def _first_home(spans: tuple[Span, ...], before_ms: int, voice: Voice) -> tuple[Span, ...]:
    first, second = spans[0], spans[1]
    pause = voice.silence_ms(first[0], second[0])
    if pause < PAUSE_MS or 2 * voice.silence_ms(before_ms, first[0]) >= pause:
        return spans
    frame = oldest = max(0, second[0] // FRAME_MS - 1)
    while frame > 0 and voice.sings[frame - 1 : frame].all() and (oldest - frame) * FRAME_MS < LONGEST_WORD_MS:
        frame -= 1
    start = min(second[0] - WORD_MS, frame * FRAME_MS)
    return ((max(first[0], start), second[0]), *spans[1:])


def _last_home(spans: tuple[Span, ...], after_ms: int, voice: Voice) -> tuple[Span, ...]:
    last, second = spans[-1], spans[-2]
    pause = voice.silence_ms(second[1], last[1])
    if pause < PAUSE_MS or 2 * voice.silence_ms(last[1], after_ms) >= pause:
        return spans
    end = min(last[1], second[1] + WORD_MS)
    return (*spans[:-1], (second[1], end))
