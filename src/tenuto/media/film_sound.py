"""The sound of a film: the sounds of its scenes, one right after the other, as packets of AAC.

Each scene's packets are encoded by themselves, with what is heard around them, so that the packets of different scenes
fit each other as if all had been encoded at once, and those of a scene can be used again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags

from tenuto import errors
from tenuto.domain.films import RATE, SOUND_BLOCK
from tenuto.media.film_segments import Coded
from tenuto.media.waves import Samples, pieces, read_wave

CODEC, LAYOUT, BIT_RATE = "aac", "mono", 128_000
# Half the work of the usual coder, and at this rate nearer to what was spoken, its peaks too.
CODER = {"aac_coder": "fast"}
PRIMING = SOUND_BLOCK  # what the codec puts before the first sample; players leave it out
# Packets that are encoded around those of a scene and thrown away: the encoder has heard what comes before, and looks
# ahead to what comes after.
BEFORE, AFTER = 8, 3
BLOCKS_AT_ONCE = 64


class Sounds:
    """The sounds of scenes as one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.starts = list(accumulate((_frames_in(path, at) for at, path in enumerate(paths, start=1)), initial=0))

    @property
    def total(self) -> int:
        """How many samples there are."""
        return self.starts[-1]

    def read(self, first: int, last: int) -> Iterator[Samples]:
        """The samples from `first` up to `last`, in pieces of whole blocks; silence where there are none."""
        held = np.zeros(0, "<i2")
        for piece in self._pieces(first, last):
            held = np.concatenate([held, piece])
            whole = held.size // SOUND_BLOCK * SOUND_BLOCK
            if whole:
                yield held[:whole]
                held = held[whole:]
        if held.size:
            yield held

    def _pieces(self, first: int, last: int) -> Iterator[Samples]:
        for path, (start, end) in zip(self._paths, pairwise(self.starts), strict=True):
            begin, stop = max(first, start), min(last, end)
            if begin < stop:
                with read_wave(path) as reader:
                    reader.setpos(begin - start)
                    yield from pieces(reader, frames=BLOCKS_AT_ONCE * SOUND_BLOCK, limit=stop - begin)
        if last > self.total:
            yield np.zeros(last - max(first, self.total), "<i2")


def _frames_in(path: Path, number: int) -> int:
    with read_wave(path) as reader:
        if reader.getframerate() != RATE:
            raise errors.BrokenMedia(f"The sound of scene {number} has {reader.getframerate()} Hz, not {RATE}.")
        if not reader.getnframes():
            raise errors.BrokenMedia(f"The sound of scene {number} is empty: give it silence, or leave the scene out.")
        return reader.getnframes()


class SoundEncoder:
    """Encodes the sound of each scene so that its packets follow on those of the one before."""

    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds

    def set_up(self, context: Any) -> None:
        """Tell a codec context how sound is encoded."""
        context.sample_rate, context.layout, context.format = RATE, LAYOUT, "fltp"
        context.bit_rate, context.time_base = BIT_RATE, Fraction(1, RATE)
        context.options = CODER
        context.flags |= Flags.global_header

    def times(self, scene: int) -> range:
        """When each packet of a scene is heard: the first packet of the film is before its start."""
        start, end = self._sounds.starts[scene : scene + 2]
        first = -(-start // SOUND_BLOCK) * SOUND_BLOCK if scene else -PRIMING
        return range(first, -(-end // SOUND_BLOCK) * SOUND_BLOCK, SOUND_BLOCK)

    def told(self, scene: int, header: bytes) -> list[Any]:
        """All that decides what packets are: the sound, with what is heard around it."""
        first, last = self._span(scene)
        heard = hashlib.sha256()
        for piece in self._sounds.read(first, last):
            heard.update(piece.data)
        wanted = self.times(scene)
        place = [wanted.start - first, len(wanted)]
        versions = [av.__version__, *av.library_versions["libavcodec"]]
        return [CODEC, CODER, LAYOUT, BIT_RATE, place, versions, header.hex(), heard.hexdigest()]

    def encode(self, scene: int, header: bytes) -> Iterator[Coded]:
        """The packets of a scene."""
        context: Any = av.CodecContext.create(CODEC, "w")
        self.set_up(context)
        first, last = self._span(scene)
        wanted = self.times(scene)
        for packet in _encoded(context, self._sounds.read(first, last)):
            if first + packet.pts in wanted:
                yield Coded(bytes(packet), is_key=True)
        if context.extradata != header:
            raise errors.EngineError(f"The encoder {CODEC} gave a scene another header than the film: report it.")

    def _span(self, scene: int) -> tuple[int, int]:
        """The samples that the encoder hears for a scene: whole blocks."""
        wanted = self.times(scene)
        return max(0, wanted.start - BEFORE * SOUND_BLOCK), wanted.stop + AFTER * SOUND_BLOCK


def _encoded(context: Any, blocks: Iterator[Samples]) -> Iterator[Any]:
    clock = 0
    for piece in blocks:
        for start in range(0, piece.size, SOUND_BLOCK):
            block = piece[start : start + SOUND_BLOCK].astype(np.float32)[None] / np.float32(1 << 15)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=LAYOUT)
            frame.sample_rate, frame.pts, frame.time_base = RATE, clock, Fraction(1, RATE)
            clock += block.shape[1]
            yield from context.encode(frame)
    yield from context.encode(None)
