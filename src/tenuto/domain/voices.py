"""Voices as vectors: how alike two are, what several recordings of one are together, and which known one it is."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Cosine of two voiceprints of one person in different recordings, against those of two people: see docs/speakers.md.
SAME_VOICE = 0.8

Vector = tuple[float, ...]


@dataclass(frozen=True)
class Voice:
    """What a speaker of a transcript sounds like; only voices of one model can be compared."""

    label: str
    vector: Vector
    model: str
    known_uid: str = ""


@dataclass(frozen=True)
class KnownVoice:
    """A voice that has a name."""

    uid: str
    name: str
    model: str
    vector: Vector


def pack(vector: Iterable[float]) -> bytes:
    """A vector as it is stored."""
    return array("f", vector).tobytes()


def unpack(data: bytes) -> Vector:
    """Read what `pack` wrote."""
    return tuple(array("f", data))


def likeness(first: Sequence[float], second: Sequence[float]) -> float:
    """The cosine between two vectors."""
    length = math.hypot(*first) * math.hypot(*second)
    if len(first) != len(second) or not length:
        return 0.0
    return sum(a * b for a, b in zip(first, second, strict=True)) / length


def together(first: Sequence[float], weight: float, second: Sequence[float], other_weight: float) -> Vector:
    """The mean of two vectors, of length one, each with its weight."""
    mean = [a * weight + b * other_weight for a, b in zip(first, second, strict=True)]
    length = math.hypot(*mean) or 1.0
    return tuple(value / length for value in mean)


def recognise(
    voices: Sequence[Voice], known: Sequence[KnownVoice], *, at_least: float = SAME_VOICE
) -> dict[str, tuple[KnownVoice, float]]:
    """Label → the known voice it is and how sure that is; each known voice is one speaker at most."""
    pairs = [(likeness(v.vector, k.vector), v.label, k) for v in voices for k in known if v.model == k.model]
    found: dict[str, tuple[KnownVoice, float]] = {}
    taken: set[str] = set()
    for score, label, voice in sorted(pairs, key=lambda pair: -pair[0]):
        if score >= at_least and label not in found and voice.uid not in taken:
            found[label] = (voice, score)
            taken.add(voice.uid)
    return found
