"""Marks what an engine may have made up: the same words again and again, and words where nothing is to be heard.

Only marks: no text, word or time is ever changed. People do repeat themselves, so a loop has to be longer than what is
common in speech; refrains and chants are marked as well, for nothing in a text tells them from a loop.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tenuto.domain.sight import UNSPACED, is_word
from tenuto.domain.transcripts import Segment, Transcript, Word

# "No, no, no, no" and "I know, I know, I know" are speech. An engine in a loop goes on until its window is full.
SHORT_REPEATS, SHORT_WORDS = 4, 10
# A sentence of six words said three times over, word for word, is rare enough by itself.
LONG_REPEATS, LONG_WORDS = 3, 6
LONGEST_UNIT = 60
# A sign of a script without spaces says about half as much as a word; long runs of letters are looked at by letter.
SIGN_WORTH = 0.5
LONGEST_WORD = 24
MOST_OF_IT = 0.5

HOP_MS = 20
# Below this is nothing but the converter's own noise.
SILENT_DB = -65
# As far above the quietest tenth of a recording, noise still is noise; where even that is loud, nobody can tell.
ABOVE_NOISE_DB, LOUDEST_NOISE_DB = 6, -40
# A recording must have something louder than its noise before the rest of it can be called silence.
LEAST_RANGE_DB = 15
MARGIN_MS = 200  # engines are as far off with the times of their words
CLICK_HOPS = 2  # what is shorter than this is a click
OVER_SILENCE_SHARE = 0.8


@dataclass(frozen=True)
class _Token:
    text: str
    segment: int
    worth: float


def guard(transcript: Transcript, levels: Sequence[int]) -> Transcript:
    """The transcript with its doubtful segments flagged; `levels` holds the dB of each 20 ms."""
    found = {"repeated": repeated(transcript.segments), "over_silence": over_silence(transcript.segments, levels)}
    segments = [
        _flagged(segment, [flag for flag, positions in found.items() if position in positions])
        for position, segment in enumerate(transcript.segments)
    ]
    return replace(transcript, segments=tuple(segments))


def count_flags(transcript: Transcript) -> dict[str, int]:
    """How many segments carry each flag."""
    return dict(Counter(flag for segment in transcript.segments for flag in segment.flags))


def _flagged(segment: Segment, flags: Sequence[str]) -> Segment:
    fresh = [flag for flag in flags if flag not in segment.flags]
    return replace(segment, flags=(*segment.flags, *fresh)) if fresh else segment


def repeated(segments: Sequence[Segment]) -> set[int]:
    """Positions of segments most of whose words belong to a loop, within the segment or over several."""
    tokens = [token for position, segment in enumerate(segments) for token in _tokens(position, segment.text)]
    looping = [False] * len(tokens)
    for unit in range(1, min(LONGEST_UNIT, len(tokens) // 2) + 1):
        for start, end in _runs(tokens, unit):
            if _is_loop(tokens[start:end], unit):
                looping[start:end] = [True] * (end - start)
    total, marked = Counter[int](), Counter[int]()
    for token, loops in zip(tokens, looping, strict=True):
        total[token.segment] += 1
        marked[token.segment] += loops
    return {position for position, count in marked.items() if count > total[position] * MOST_OF_IT}


def _tokens(position: int, text: str) -> Iterator[_Token]:
    """Words without case and punctuation; signs where a script writes no spaces."""
    for word in unicodedata.normalize("NFC", text.casefold()).split():
        letters = [sign for sign in word if is_word(sign)]
        if len(letters) > LONGEST_WORD or any(UNSPACED.match(sign) for sign in letters):
            yield from (_Token(sign, position, SIGN_WORTH) for sign in letters)
        elif letters:
            yield _Token("".join(letters), position, 1.0)


def _runs(tokens: Sequence[_Token], unit: int) -> Iterator[tuple[int, int]]:
    """Stretches in which each token is the one `unit` places before it."""
    start = unit
    for place in range(unit, len(tokens) + 1):
        if place == len(tokens) or tokens[place].text != tokens[place - unit].text:
            if place > start:
                yield start - unit, place
            start = place + 1


def _is_loop(tokens: Sequence[_Token], unit: int) -> bool:
    repeats = len(tokens) // unit
    if repeats < LONG_REPEATS:
        return False
    worth = sum(token.worth for token in tokens)
    return (repeats >= SHORT_REPEATS and worth >= SHORT_WORDS) or worth / len(tokens) * unit >= LONG_WORDS


def over_silence(segments: Sequence[Segment], levels: Sequence[int]) -> set[int]:
    """Positions of segments most of whose words stand where nothing is to be heard."""
    limit = silence_below(levels)
    return {
        position
        for position, segment in enumerate(segments)
        if segment.text.strip() and _silent_share(segment, levels, limit) >= OVER_SILENCE_SHARE
    }


def silence_below(levels: Sequence[int]) -> int:
    """The level up to which a recording is silent."""
    if not levels:
        return SILENT_DB
    ordered = sorted(levels)
    noise, loud = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 200]
    limit = noise + ABOVE_NOISE_DB
    tells = loud - noise >= LEAST_RANGE_DB and limit <= LOUDEST_NOISE_DB
    return max(SILENT_DB, limit) if tells else SILENT_DB


def _silent_share(segment: Segment, levels: Sequence[int], limit: int) -> float:
    whole = Word(segment.start_ms, segment.end_ms, segment.text)
    words = [word for word in segment.words if word.text.strip()] or [whole]
    silent = sum(len(word.text) for word in words if _is_silent(word, levels, limit))
    return silent / sum(len(word.text) for word in words)


def _is_silent(word: Word, levels: Sequence[int], limit: int) -> bool:
    first = max(0, (word.start_ms - MARGIN_MS) // HOP_MS)
    heard = sorted(levels[first : max(first, -(-(word.end_ms + MARGIN_MS) // HOP_MS))])
    return len(heard) > CLICK_HOPS and heard[-1 - CLICK_HOPS] <= limit
