"""Windows of sound that overlap become one file of floats, at the rate that is wanted and exactly as long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
LAYOUT = "stereo"


def joined(pieces: Iterator[Floats], fade: int) -> Iterator[Floats]:
    """Fade each piece of shape (channels, samples) into the next, which begins `fade` samples before it ends."""
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    tail: Floats | None = None
    for piece in pieces:
        if tail is not None:
            piece[:, :fade] = tail * (1 - ramp) + piece[:, :fade] * ramp
        yield piece[:, :-fade]
        tail = piece[:, -fade:].copy()
    if tail is not None:
        yield tail


def write_floats(pieces: Iterator[Floats], target: Path, *, rate: int, wanted_rate: int, frames: int) -> None:
    """Write `pieces` to `target` as stereo of exactly `frames` at `wanted_rate`; what is too short ends in silence."""
    resampler = av.AudioResampler(format="flt", layout=LAYOUT, rate=wanted_rate)
    left = frames
    with target.open("wb") as file:
        for frame in _frames(pieces, rate):
            for ready in resampler.resample(frame):
                sound = ready.to_ndarray().reshape(-1, 2)[:left]
                file.write(sound.astype("<f4").tobytes())
                left -= len(sound)
        file.write(np.zeros((left, 2), "<f4").tobytes())


def _frames(pieces: Iterator[Floats], rate: int) -> Iterator[av.AudioFrame | None]:
    """The pieces as FFmpeg wants them, and the end that makes it give what it holds back."""
    for piece in pieces:
        both = piece if len(piece) == len(("left", "right")) else np.repeat(piece, 2, axis=0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(both), format="fltp", layout=LAYOUT)
        frame.sample_rate = rate
        yield frame
    yield None
