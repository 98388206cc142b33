"""The master: sound brought to a loudness, with no true peak above a ceiling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tenuto.media.edges import UNCHANGED, Edges, shape
from tenuto.media.floats import Floats, FloatSound, Sound, audio_frames
from tenuto.media.limiter import Limiter, Peaks, peaks
from tenuto.media.loudness import measure_loudness

TARGET_LUFS, CEILING_DB = -16.0, -1.0
# Filters tell peaks a little differently, and 16 bits round: the limiter keeps this much below the ceiling.
MARGIN_DB = 0.15
NEAR_LU, MOST_ROUNDS = 0.05, 10
# An encoder that loses something shifts loudness and peaks a little: then it is told to aim lower, but not for ever.
MOST_ENCODINGS = 5
# What the limiter takes from the loudness is made up for, until there is nothing but limiting.
MOST_MADE_UP_DB, LEAST_SLOPE = 30.0, 0.15


@dataclass(frozen=True)
class Mastered:
    """How sound was changed, and how loud it is now; None where there is too little of it to say."""

    lufs: float | None
    lufs_before: float | None
    gain_db: float
    limited_db: float  # by how much the limiter turned the highest peak down
    trimmed_start: int = 0  # frames that were taken away
    trimmed_end: int = 0


@dataclass(frozen=True)
class Levelled:
    """What brings a sound to a loudness, and how loud it will be."""

    limiter: Limiter
    lufs: float | None

    @property
    def gain_db(self) -> float:
        """By how much all of it is turned up."""
        return round(decibels(self.limiter.factor), 2)

    @property
    def limited_db(self) -> float:
        """By how much the highest peak is turned down."""
        return round(abs(decibels(self.limiter.reduction)), 2)


def decibels(factor: float) -> float:
    """A factor in dB."""
    return 20 * float(np.log10(max(factor, 1e-9)))


def loudness(sound: Sound, pieces: Iterator[Floats] | None = None) -> float | None:
    """The integrated loudness of a sound, or of what was made of its pieces."""
    heard = audio_frames(sound.pieces() if pieces is None else pieces, rate=sound.rate, layout=sound.layout)
    return measure_loudness(heard, with_peak=False).integrated_lufs


def level(
    sound: Sound,
    heights: Peaks,
    before: float | None,
    *,
    target_lufs: float,
    ceiling_db: float,
    tell: Callable[[float], None] = lambda _share: None,
) -> Levelled:
    """Find what brings a sound that is `before` loud to the target, or as near to it as the ceiling lets it come.

    `heights` are its peaks. Silence has no loudness: it is only kept under the ceiling.
    """
    ceiling = 10 ** ((ceiling_db - MARGIN_DB) / 20)
    gain_db = 0.0 if before is None else target_lufs - before
    highest_db, slope = gain_db + MOST_MADE_UP_DB, 1.0
    found = Levelled(
        Limiter(heights, sound.rate, 10 ** (gain_db / 20), ceiling), before if before is None else target_lufs
    )
    if before is None or found.limiter.reduction >= 1:
        return found
    tried: list[tuple[float, float, Levelled]] = []
    for number in range(1, MOST_ROUNDS + 1):
        limiter = Limiter(heights, sound.rate, 10 ** (gain_db / 20), ceiling)
        lufs = loudness(sound, limiter.limited(sound.pieces()))
        tell(number / MOST_ROUNDS)
        if lufs is None:
            return Levelled(limiter, None)
        missing = target_lufs - lufs
        if tried and gain_db != tried[-1][0]:
            slope = min(max((tried[-1][1] - missing) / (gain_db - tried[-1][0]), LEAST_SLOPE), 1.0)
        tried.append((gain_db, missing, Levelled(limiter, lufs)))
        wanted_db = min(gain_db + missing / slope, highest_db)
        if abs(missing) <= NEAR_LU or wanted_db == gain_db:
            break
        gain_db = wanted_db
    return min(tried, key=lambda one: abs(one[1]))[2]


def master(
    sounds: Sequence[FloatSound],
    *,
    target_lufs: float = TARGET_LUFS,
    ceiling_db: float = CEILING_DB,
    edges: Edges = UNCHANGED,
    tell: Callable[[float], None] = lambda _share: None,
) -> Mastered:
    """Make the first sound its master, in its place, and change the others as that one was changed.

    Its ends decide where all of them are trimmed, before anything is measured.
    """
    cut = shape(sounds[0], edges)
    before, heights = loudness(cut), peaks(cut.pieces(), cut.rate)
    tell(0.3)
    found = level(
        cut,
        heights,
        before,
        target_lufs=target_lufs,
        ceiling_db=ceiling_db,
        tell=lambda share: tell(0.3 + 0.4 * share),
    )
    for number, sound in enumerate(sounds, 1):
        sound.rewrite(found.limiter.limited(replace(cut, sound=sound).pieces()))
        tell(0.7 + 0.3 * number / len(sounds))
    return Mastered(found.lufs, before, found.gain_db, found.limited_db, cut.first, cut.total - cut.last)
