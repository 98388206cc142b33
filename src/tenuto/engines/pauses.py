"""Cuts sound into utterances at its pauses, in one pass and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

FRAME_MS = 30
PAD_FRAMES = 10  # silence kept on both sides: decoders need it
START_FRAMES = 4  # of the last PAD_FRAMES must be speech to begin
PAUSE_FRAMES = 16  # about half a second without speech ends an utterance
LONGEST_FRAMES = 500  # 15 s
SEARCH_FRAMES = 170  # where an utterance that is too long may be cut
SMOOTH_FRAMES = 5


@dataclass(frozen=True)
class Utterance:
    """A stretch of sound with speech in it."""

    start_ms: int
    pcm: bytes


@dataclass(frozen=True)
class _Frame:
    pcm: bytes
    is_speech: bool


def utterances(frames: Iterable[bytes], is_speech: Callable[[bytes], bool]) -> Iterator[Utterance]:
    """Yield the utterances in a stream of 30 ms frames of 16-bit sound."""
    held: list[_Frame] = []
    first = 0  # number of the frame held[0]
    speaking = False
    for pcm in frames:
        held.append(_Frame(pcm, is_speech(pcm)))
        if not speaking:
            speaking = sum(frame.is_speech for frame in held[-PAD_FRAMES:]) >= START_FRAMES
            surplus = 0 if speaking else len(held) - PAD_FRAMES
        elif not any(frame.is_speech for frame in held[-PAUSE_FRAMES:]):
            surplus = len(held) - PAUSE_FRAMES + PAD_FRAMES
            yield _joined(held[:surplus], first)
            # What follows begins with the silence that was not given away.
            speaking = False
        elif len(held) >= LONGEST_FRAMES:
            surplus = _quietest(held)
            yield _joined(held[:surplus], first)
        else:
            surplus = 0
        if surplus > 0:
            del held[:surplus]
            first += surplus
    if speaking:
        yield _joined(held, first)


def _joined(frames: list[_Frame], first: int) -> Utterance:
    return Utterance(first * FRAME_MS, b"".join(frame.pcm for frame in frames))


def _quietest(frames: list[_Frame]) -> int:
    """Where in the last seconds the sound is quietest."""
    tail = frames[-SEARCH_FRAMES:]
    loudness = [float(np.square(np.frombuffer(frame.pcm, np.int16).astype(np.float32)).mean()) for frame in tail]
    smooth = np.convolve(loudness, np.ones(SMOOTH_FRAMES), mode="valid")
    return len(frames) - SEARCH_FRAMES + int(smooth.argmin()) + SMOOTH_FRAMES // 2
