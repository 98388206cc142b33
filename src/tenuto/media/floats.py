"""Sound of our own in floats, on disk: 32-bit, little-endian, channel after channel of each frame, without a header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
import numpy.typing as npt

SAMPLE = np.dtype("<f4")
PIECE_FRAMES = 1 << 16
LAYOUTS = {1: "mono", 2: "stereo"}
Floats = npt.NDArray[np.float32]


class Sound(Protocol):
    """Sound in floats that is read from its start as often as it is needed."""

    @property
    def rate(self) -> int:
        """Samples a second."""
        ...

    @property
    def layout(self) -> str:
        """Its channels, as FFmpeg calls them."""
        ...

    def pieces(self) -> Iterator[Floats]:
        """All of it, in pieces of shape (frames, channels)."""
        ...


@dataclass(frozen=True)
class FloatSound:
    """A file of such sound."""

    path: Path
    rate: int
    channels: int = 2

    @property
    def layout(self) -> str:
        """Its channels, as FFmpeg calls them."""
        return LAYOUTS[self.channels]

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.path.stat().st_size // (SAMPLE.itemsize * self.channels)

    def pieces(self) -> Iterator[Floats]:
        """All of it, in pieces of shape (frames, channels)."""
        with self.path.open("rb") as file:
            while (piece := np.fromfile(file, SAMPLE, PIECE_FRAMES * self.channels)).size:
                yield piece.reshape(-1, self.channels)

    def rewrite(self, pieces: Iterator[Floats]) -> None:
        """Put in its place what is made of its pieces one by one, each as long as it was or shorter."""
        with self.path.open("r+b") as file:
            for piece in pieces:
                file.write(np.ascontiguousarray(piece, SAMPLE).tobytes())
            file.truncate()


def audio_frames(pieces: Iterator[Floats], *, rate: int, layout: str) -> Iterator[Any]:
    """The pieces as FFmpeg wants them."""
    for piece in pieces:
        interleaved = np.ascontiguousarray(piece, np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
        frame.sample_rate = rate
        yield frame
