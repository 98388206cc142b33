"""Instrumental and guiding voice in one WAV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from wave import Wave_read

import numpy as np
import numpy.typing as npt

from tenuto import errors
from tenuto.media.music import as_pcm, read_music, stereo_pieces, write_wave

FULL_SCALE = 32_767.0

Sums = npt.NDArray[np.float64]


def mix(instrumental: Path, vocals: Path, target: Path, guide_db: float | None, tell: Callable[[float], None]) -> float:
    """Write the sum, the voice at `guide_db`, and return how many dB all of it was turned down so as not to clip."""
    level = 0.0 if guide_db is None else 10 ** (guide_db / 20)
    with read_music(instrumental) as band, read_music(vocals) as voice:
        if band.getframerate() != voice.getframerate():
            raise errors.BrokenMedia("The stems do not have the same sample rate: separate the song again.")
        loudest = 0.0
        for sound in _sums(band, voice, level):
            loudest = max(loudest, float(np.abs(sound).max()))
            tell(0.5 * band.tell() / max(band.getnframes(), 1))
        gain = min(1.0, FULL_SCALE / max(loudest, 1.0))
        with write_wave(target, band.getframerate()) as out:
            for sound in _sums(band, voice, level):
                out.writeframesraw(as_pcm(sound * gain))
                tell(0.5 + 0.5 * band.tell() / max(band.getnframes(), 1))
    return round(-20 * float(np.log10(gain)), 3) + 0.0


def _sums(band: Wave_read, voice: Wave_read, level: float) -> Iterator[Sums]:
    """Both from their start; the shorter one ends in silence."""
    band.rewind()
    voice.rewind()
    nothing = np.zeros((0, 2), np.int16)
    for one, other in zip_longest(stereo_pieces(band), stereo_pieces(voice), fillvalue=nothing):
        sound = np.zeros((max(len(one), len(other)), 2))
        sound[: len(one)] += one
        sound[: len(other)] += level * other
        yield sound
