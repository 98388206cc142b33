"""The ends of a sound: silence that is taken away, and fades without a click."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tenuto.media.floats import Floats, Sound

SILENCE_DB, KEPT_SECONDS = -60.0, 0.05
LONGEST_FADE_SECONDS = 30.0


@dataclass(frozen=True)
class Edges:
    """What is wished for the ends of a sound."""

    fade_in: float = 0.0  # seconds
    fade_out: float = 0.0
    trim: bool = False

    @property
    def wanted(self) -> bool:
        """Whether there is anything to do."""
        return self.trim or self.fade_in > 0 or self.fade_out > 0


UNCHANGED = Edges()


@dataclass(frozen=True)
class Shaped:
    """A sound from one frame to before another, faded at both ends."""

    sound: Sound
    first: int
    last: int
    total: int  # frames that the sound has in all
    fade_in: int  # frames
    fade_out: int

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.sound.rate

    @property
    def layout(self) -> str:
        """Its channels, as FFmpeg calls them."""
        return self.sound.layout

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.last - self.first

    def pieces(self) -> Iterator[Floats]:
        """All of it, in pieces of shape (frames, channels)."""
        at = -self.first
        for piece in self.sound.pieces():
            kept = piece[max(0, -at) : max(0, self.frames - at)]
            if len(kept):
                yield self._faded(kept, max(0, at))
            at += len(piece)

    def _faded(self, piece: Floats, at: int) -> Floats:
        """A piece that begins `at`, times half of a cosine at either end."""
        from_start, from_end = at, self.frames - at - len(piece)
        if from_start >= self.fade_in and from_end >= self.fade_out:
            return piece
        places = np.arange(len(piece)) + 0.5
        rising = np.clip((from_start + places) / max(self.fade_in, 1e-9), 0, 1)
        falling = np.clip((from_end + len(piece) - places) / max(self.fade_out, 1e-9), 0, 1)
        gain = (np.sin(rising * np.pi / 2) * np.sin(falling * np.pi / 2)) ** 2
        return np.asarray(piece * gain.astype(np.float32)[:, None], np.float32)


def shape(sound: Sound, edges: Edges) -> Shaped:
    """Find where a sound begins and ends; what is silent all along is not trimmed."""
    threshold = 10 ** (SILENCE_DB / 20)
    first, last, total = -1, 0, 0
    for piece in sound.pieces():
        if edges.trim:
            loud = np.flatnonzero(np.abs(piece).max(axis=1) > threshold)
            if loud.size:
                first = total + int(loud[0]) if first < 0 else first
                last = total + int(loud[-1]) + 1
        total += len(piece)
    if first < 0:
        first, last = 0, total
    else:
        kept = round(KEPT_SECONDS * sound.rate)
        first, last = max(0, first - kept), min(total, last + kept)
    return Shaped(
        sound,
        first,
        last,
        total,
        fade_in=min(round(edges.fade_in * sound.rate), last - first),
        fade_out=min(round(edges.fade_out * sound.rate), last - first),
    )
