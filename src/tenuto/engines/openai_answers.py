"""OpenAI's answers as transcripts: times and speakers where the format has them, honest guesses where it has none."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from tenuto.domain.transcripts import Segment, Word
from tenuto.engines.languages import code_of

Spans = Sequence[tuple[int, int]]
NEAR_MS = 2_000  # a guess is rarely better than that
LONGEST_PIECE = 200  # characters; a sentence that is longer is cut at a comma
SENTENCES = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？।؟])\s*")  # noqa: RUF001 - other scripts' own
CLAUSES = re.compile(r"(?<=[,;:])\s+|(?<=[，、；：])\s*")  # noqa: RUF001 - other scripts' own


def language_of(answer: dict[str, Any], asked: str | None) -> str | None:
    """The language as a code: the one heard, or the one asked for."""
    several = [item.get("code") for item in answer.get("languages") or () if isinstance(item, dict)]
    heard = answer.get("language") or (several[0] if several else None)
    return code_of(str(heard)) if heard else asked


def segments_of(answer: dict[str, Any], length_ms: int, speech: Spans = ()) -> tuple[Segment, ...]:
    """The segments of an answer in any of the JSON formats, in order and within the sound.

    An answer without times is shared out over `speech`, where somebody speaks.
    """
    words = sorted(_words(answer.get("words") or (), length_ms), key=lambda word: (word.start_ms, word.end_ms))
    given = [item for item in answer.get("segments") or () if str(item.get("text", "")).strip()]
    if given:
        timed = sorted((_segment(item, length_ms) for item in given), key=lambda segment: segment.start_ms)
        return tuple(_with_words(timed, words))
    text = " ".join(str(answer.get("text") or "").split())
    if not text:
        return ()
    if words:
        return (Segment(words[0].start_ms, max(word.end_ms for word in words), text, words=tuple(words)),)
    spans = [(start, min(end, length_ms)) for start, end in speech if start < length_ms] or [(0, length_ms)]
    return tuple(_guessed(text, spans, _mean_probability(answer.get("logprobs") or ())))


def _segment(item: dict[str, Any], length_ms: int) -> Segment:
    start, end = _span(item, length_ms)
    logprob = item.get("avg_logprob")
    confidence = round(min(1.0, math.exp(float(logprob))), 3) if logprob is not None else None
    speaker = str(item["speaker"]) if item.get("speaker") else None
    return Segment(start, end, str(item["text"]).strip(), confidence, speaker)


def _words(items: Iterable[dict[str, Any]], length_ms: int) -> Iterator[Word]:
    for item in items:
        text = str(item.get("word", "")).strip()
        if text:
            yield Word(*_span(item, length_ms), text)


def _span(item: dict[str, Any], length_ms: int) -> tuple[int, int]:
    start = min(max(0, round(float(item["start"]) * 1000)), length_ms)
    return start, min(max(start, round(float(item["end"]) * 1000)), length_ms)


def _with_words(segments: Sequence[Segment], words: Sequence[Word]) -> Iterator[Segment]:
    """Give each word to the segment its middle lies in, or to the last that had begun."""
    if not segments:
        return
    edges = [0.0, *((before.end_ms + after.start_ms) / 2 for before, after in pairwise(segments)), math.inf]
    for segment, (first, last) in zip(segments, pairwise(edges), strict=True):
        mine = [word for word in words if first <= (word.start_ms + word.end_ms) / 2 < last]
        yield _holding(segment, mine)


def _holding(segment: Segment, words: Sequence[Word]) -> Segment:
    """The segment with words whose times do not leave it: the two are timed apart and differ by a little."""

    def inside(moment: int) -> int:
        return min(max(moment, segment.start_ms), segment.end_ms)

    held = [Word(inside(word.start_ms), inside(word.end_ms), word.text) for word in words]
    held.sort(key=lambda word: (word.start_ms, word.end_ms))
    return replace(segment, words=tuple(held))


def _guessed(text: str, spans: Spans, confidence: float | None) -> Iterator[Segment]:
    """Sentences of a text without times, which get a share of the speech by their letters and are marked for it."""
    pieces = [piece for sentence in SENTENCES.split(text) for piece in _short(sentence) if piece.strip()]
    edges = list(accumulate((end - start for start, end in spans), initial=0))
    total, before, begin = sum(map(len, pieces)), 0, 0
    for piece in pieces:
        before += len(piece)
        finish = max(begin, _at_a_pause(edges[-1] * before // total, edges))
        start, end = _moment(begin, spans, edges, right=True), _moment(finish, spans, edges, right=False)
        yield Segment(start, max(start, end), piece.strip(), confidence, flags=("guessed_times",))
        begin = finish


def _at_a_pause(spoken_ms: int, edges: Sequence[int]) -> int:
    """The nearest pause, as that is where sentences end, if there is one near."""
    after = bisect_left(edges, spoken_ms)
    nearest = min(edges[max(0, after - 1) : after + 1], key=lambda edge: abs(edge - spoken_ms))
    return nearest if abs(nearest - spoken_ms) <= NEAR_MS else spoken_ms


def _moment(spoken_ms: int, spans: Spans, edges: Sequence[int], *, right: bool) -> int:
    """When so much has been spoken; at a pause its end (`right`) or its beginning."""
    found = (bisect_right if right else bisect_left)(edges, spoken_ms) - 1
    index = min(max(0, found), len(spans) - 1)
    return spans[index][0] + spoken_ms - edges[index]


def _short(sentence: str) -> Iterator[str]:
    if len(sentence) <= LONGEST_PIECE:
        yield sentence
        return
    piece = ""
    for clause in CLAUSES.split(sentence):
        if piece and len(piece) + len(clause) > LONGEST_PIECE:
            yield piece
            piece = ""
        piece = f"{piece} {clause}".strip()
    yield piece


def _mean_probability(logprobs: Sequence[dict[str, Any]]) -> float | None:
    known = [float(item["logprob"]) for item in logprobs if item.get("logprob") is not None]
    return round(min(1.0, math.exp(sum(known) / len(known))), 3) if known else None
