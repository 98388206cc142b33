"""Another key, another tempo: music moved by semitones, and stretched in time without moving them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from wave import Wave_read

import numpy as np

from tenuto import errors
from tenuto.domain.music import check_retune
from tenuto.media.music import Sound, as_pcm, check_length, read_music, write_wave

# A stretcher keeps all it is given in memory: long music is stretched in blocks that are faded into each other.
BLOCK_SECONDS = 60
# Heard before and after a block, since the stretcher needs some sound to begin; dropped again.
CONTEXT_SECONDS = 0.5
FADE_SECONDS = 0.05
# Two blocks do not agree in phase: the second one is moved by no more than this to where it fits best.
SEARCH_SECONDS = 0.01
# Above it partials move by less than the key, which keeps cymbals from whistling.
TONAL_HZ = 8000
FULL_SCALE, LOUDEST = 32_768.0, 32_767.0


def library() -> Any:
    """The stretcher, which comes with an extra."""
    try:
        from python_stretch import Signalsmith  # noqa: PLC0415
    except ImportError as error:
        raise errors.EngineMissing(
            "Another key or tempo needs the package python-stretch: install tenuto[stretch]."
        ) from error
    return Signalsmith


def retune(source: Path, target: Path, semitones: float, tempo: float, tell: Callable[[float], None]) -> int:
    """Write `source` moved by `semitones` at `tempo` times its speed; return how many samples a channel has.

    It takes the level down where the new sound would clip.
    """
    check_retune(semitones, tempo)
    with read_music(source) as reader, tempfile.TemporaryFile(dir=target.parent) as scratch:
        stretcher = Stretcher(reader, semitones, tempo)
        check_length(stretcher.total)
        loudest, written = 0.0, 0
        for sound in stretcher.blocks():
            loudest = max(loudest, float(np.abs(sound).max(initial=0.0)))
            scratch.write(sound.tobytes())
            written += len(sound)
            tell(0.95 * written / stretcher.total)
        gain = min(FULL_SCALE, LOUDEST / max(loudest, 1e-9))
        scratch.seek(0)
        with write_wave(target, reader.getframerate()) as out:
            while piece := scratch.read(1 << 22):
                out.writeframesraw(as_pcm(np.frombuffer(piece, np.float32) * gain))
    return written


class Stretcher:
    """Stretches an open WAV block by block."""

    def __init__(self, reader: Wave_read, semitones: float, tempo: float) -> None:
        self._reader, self._semitones, self._tempo = reader, semitones, tempo
        self._rate, self._library = reader.getframerate(), library()
        self.total = round(reader.getnframes() / tempo)

    def blocks(self) -> Iterator[Sound]:
        """All the sound, `total` frames of it, full scale being 1."""
        fade, search = (round(seconds * self._rate) for seconds in (FADE_SECONDS, SEARCH_SECONDS))
        count = max(1, round(self.total / (BLOCK_SECONDS * self._rate)))
        edges = [self.total * number // count for number in range(count + 1)]
        tail = np.zeros((0, 2), np.float32)
        for start, end in pairwise(edges):
            first, last = max(0, start - search), min(self.total, end + fade + search)
            sound = self._between(first, last)
            if len(tail):
                sound = _joined(tail, sound, 2 * search)
            # The last block may have been moved forward: it ends in as much silence.
            block = np.zeros((end - start, 2), np.float32)
            block[: len(sound)] = sound[: len(block)]
            yield block
            tail = sound[end - start :][:fade]

    def _between(self, first: int, last: int) -> Sound:
        """The stretched sound between two frames of the result."""
        context = round(CONTEXT_SECONDS * self._rate)
        start = max(0, round(first * self._tempo) - context)
        end = min(self._reader.getnframes(), round(last * self._tempo) + context)
        self._reader.setpos(start)
        heard = np.frombuffer(self._reader.readframes(end - start), "<i2").reshape(-1, 2)
        if self._semitones == 0 and self._tempo == 1:
            return (heard / FULL_SCALE).astype(np.float32)[first - start : last - start]
        engine = self._library.Stretch()
        engine.preset(2, float(self._rate))
        engine.setTimeFactor(self._tempo)
        engine.setTransposeSemitones(self._semitones, TONAL_HZ / self._rate)
        made = engine.process(np.ascontiguousarray(heard.T, np.float32) / FULL_SCALE).T
        offset = first - round(start / self._tempo)
        return np.ascontiguousarray(made[offset : offset + last - first], np.float32)


def _joined(tail: Sound, sound: Sound, slack: int) -> Sound:
    """`sound` from where it goes on best after the beginning of `tail`, faded in over it."""
    window = sound[: slack + len(tail)].sum(axis=1)
    wanted = tail[: len(sound)].sum(axis=1)
    likeness = np.correlate(window, wanted, "valid")
    energy = np.convolve(np.square(window), np.ones(len(wanted), np.float32), "valid")
    found = sound[int(np.argmax(likeness / np.sqrt(energy + 1e-6))) :].copy()
    ramp = np.linspace(0, 1, len(wanted), dtype=np.float32)[:, None]
    found[: len(wanted)] = found[: len(wanted)] * ramp + tail[: len(wanted)] * (1 - ramp)
    return found
