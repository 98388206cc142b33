"""The master: sound brought to a loudness, with no true peak above a ceiling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tenuto.domain.music import Loudness
from tenuto.media import limiter
from tenuto.media.floats import FloatSound
from tenuto.media.loudness import measure_loudness

TARGET_LUFS, CEILING_DB = -16.0, -1.0
# Filters tell peaks a little differently, and 16 bits round: the limiter keeps this much below the ceiling.
MARGIN_DB = 0.15
NEAR_LU, MOST_ROUNDS = 0.05, 6


@dataclass(frozen=True)
class Mastered:
    """How sound was changed, and how loud it is now."""

    loudness: Loudness
    before: Loudness
    gain_db: float
    limited_db: float  # by how much the limiter turned the highest peak down


def decibels(factor: float) -> float:
    """A factor in dB."""
    return 20 * float(np.log10(max(factor, 1e-9)))


def master(
    sounds: Sequence[FloatSound],
    *,
    target_lufs: float = TARGET_LUFS,
    ceiling_db: float = CEILING_DB,
    tell: Callable[[float], None] = lambda _share: None,
) -> Mastered:
    """Make the first sound its master, in its place, and change the others as that one was changed.

    Silence has no loudness: it is left as it is.
    """
    sound = sounds[0]
    before = measure_loudness(sound.audio_frames())
    tell(0.2)
    peaks = limiter.peaks(sound.pieces())
    tell(0.4)
    ceiling = 10 ** ((ceiling_db - MARGIN_DB) / 20)
    gain_db = 0.0 if before.integrated_lufs is None else target_lufs - before.integrated_lufs
    for number in range(1, MOST_ROUNDS + 1):
        factor = 10 ** (gain_db / 20)
        gains = limiter.gains(peaks * factor, ceiling, sound.rate)
        after = measure_loudness(sound.audio_frames(limiter.limited(sound.pieces(), gains, factor)))
        tell(0.4 + 0.4 * number / MOST_ROUNDS)
        if after.integrated_lufs is None or abs(after.integrated_lufs - target_lufs) <= NEAR_LU:
            break
        gain_db += target_lufs - after.integrated_lufs
    for each in sounds:
        each.rewrite(limiter.limited(each.pieces(), gains, factor))
    tell(1.0)
    limited_db = abs(decibels(float(gains.min(initial=1.0))))
    return Mastered(after, before, round(decibels(factor), 2), round(limited_db, 2))
