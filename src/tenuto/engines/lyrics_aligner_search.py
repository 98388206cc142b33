"""Listens for the words of a song in order, with pocketsphinx; a line that is not sung may be left out, at a price.

The grammar is a chain of all words. At each line it may begin to skip, which costs much, and go on skipping, which
costs little: a verse too many costs hardly more than a line too many, and the lines around it keep their places.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tenuto import errors
from tenuto.domain.wording import pieces
from tenuto.engines.base import Progress
from tenuto.engines.pronunciation import pronunciations
from tenuto.engines.sound import SAMPLE_BYTES, SAMPLE_RATE

FRAME_MS = 10
BEAMS = (1e-60, 1e-100)  # the usual ones lose held notes; the second is slow and rarely needed
SKIPS, GOES_ON_SKIPPING = 1e-25, 1e-3
CHUNK = 2 * SAMPLE_RATE * SAMPLE_BYTES  # two seconds
MOST_WAYS = 4
TOKEN = re.compile(r"^l(\d+)w(\d+)(?:\(\d+\))?$")
Transition = tuple[int, int, float] | tuple[int, int, float, str]


@dataclass(frozen=True)
class Heard:
    """When a word was heard; `start_ms` is the beginning of its first phone."""

    start_ms: int
    end_ms: int


HeardLine = dict[int, Heard]
"""Number of a piece of a line → when it is sung."""


class LineSearch:
    """A decoder for one song."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._package = sphinx()
        self.ways: list[dict[int, list[str]]] = [{} for _ in lines]

    @property
    def sayable(self) -> list[bool]:
        """Which lines have a word that can be listened for."""
        return [bool(ways) for ways in self.ways]

    def find(self, pcm: bytes, progress: Progress) -> list[HeardLine]:
        """The words that were heard, by line; a line that was left out has none."""
        best: list[HeardLine] = [{} for _ in self._lines]
        for beam in BEAMS:
            decoder = self._decoder(beam)
            if not any(self.ways):
                return best
            arrived = _hear(decoder, pcm, progress)
            found = self._heard(decoder)
            if sum(map(bool, found)) > sum(map(bool, best)):
                best = found
            if arrived or 2 * sum(map(bool, best)) > sum(map(bool, self.ways)):
                break
        return best

    def _decoder(self, beam: float) -> Any:
        decoder = self._package.Decoder(
            samprate=SAMPLE_RATE, lm=None, cmn="live", beam=beam, wbeam=beam, pbeam=beam, lw=1.0, loglevel="FATAL"
        )
        self.ways = [ways_to_say(line, decoder) for line in self._lines]
        every = [
            (f"l{line}w{word}" if number == 1 else f"l{line}w{word}({number})", phones)
            for line, words in enumerate(self.ways)
            for word, ways in words.items()
            for number, phones in enumerate(ways, start=1)
        ]
        for number, (token, phones) in enumerate(every, start=1):
            decoder.add_word(token, phones, number == len(every))
        if every:
            transitions, last = grammar(self.ways)
            decoder.add_fsg("song", decoder.create_fsg("song", 0, last, transitions))
            decoder.activate_search("song")
        return decoder

    def _heard(self, decoder: Any) -> list[HeardLine]:
        found: list[HeardLine] = [{} for _ in self._lines]
        for part in decoder.seg() or ():
            match = TOKEN.match(part.word)
            if match:
                time = Heard(part.start_frame * FRAME_MS, (part.end_frame + 1) * FRAME_MS)
                found[int(match[1])][int(match[2])] = time
        # A path that broke off within a line has not heard it.
        return [line if len(line) == len(ways) else {} for line, ways in zip(found, self.ways, strict=True)]


def grammar(ways: Sequence[dict[int, list[str]]]) -> tuple[list[Transition], int]:
    """The transitions of the chain and its last state; beside each line's end is a state for who skipped it."""
    steps: list[Transition] = []
    state, free = 0, 1
    skipping: int | None = None
    for number, words in enumerate(ways):
        begin = state
        for word in words:
            steps.append((state, free, 1.0, f"l{number}w{word}"))
            state, free = free, free + 1
        if words:
            steps.append((begin, free, SKIPS))
            if skipping is not None:
                steps += [(skipping, free, GOES_ON_SKIPPING), (skipping, begin, 1.0)]
            skipping, free = free, free + 1
    if skipping is not None:
        steps.append((skipping, state, 1.0))
    return steps, state


def _hear(decoder: Any, pcm: bytes, progress: Progress) -> bool:
    """Whether the last word was reached. The sound is heard bit by bit, so that progress can be told."""
    decoder.start_utt()
    for start in range(0, len(pcm), CHUNK):
        decoder.process_raw(pcm[start : start + CHUNK])
        progress(min(1.0, (start + CHUNK) / len(pcm)))
    decoder.end_utt()
    return decoder.hyp() is not None


def ways_to_say(line: str, decoder: Any) -> dict[int, list[str]]:
    """Number of a piece → how it may be said, for those that can be said."""
    found = {number: list(_said(piece, decoder)) for number, piece in enumerate(pieces(line))}
    return {number: ways[:MOST_WAYS] for number, ways in found.items() if ways}


def _said(piece: str, decoder: Any) -> Iterator[str]:
    plain = piece.lower().replace("\u2019", "'").strip('.,;:!?…"“”()[]-\u2013\u2014')
    if re.fullmatch("[a-z']+", plain) and decoder.lookup_word(plain):
        yield decoder.lookup_word(plain)
        for number in range(2, MOST_WAYS + 1):
            other = decoder.lookup_word(f"{plain}({number})")
            if not other:
                return
            yield other
    else:
        yield from pronunciations(piece, lambda word: decoder.lookup_word(word) or None)


def sphinx() -> Any:
    """The package pocketsphinx, or an error that says how to get it."""
    try:
        return importlib.import_module("pocketsphinx")
    except ImportError as error:
        raise errors.EngineMissing("Lyrics are timed by the package pocketsphinx: pip install pocketsphinx.") from error
