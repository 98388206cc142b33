"""The outline of a recording, small enough to draw at once.

The file is raw, without a header: for each fiftieth of a second one pair of signed bytes, the lowest and the highest
sample in it, where -128 and 127 are full scale. Pair `i` starts at `i / 50` s; the last one may cover
less.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tenuto.media.waves import Samples, pieces, read_wave

PER_SECOND = 50
READ_SECONDS = 60


def write_peaks(wav: Path, target: Path) -> None:
    """Write the outline of `wav` to `target`."""
    with read_wave(wav) as reader, target.open("wb") as out:
        width = max(reader.getframerate() // PER_SECOND, 1)
        for piece in pieces(reader, frames=width * PER_SECOND * READ_SECONDS, limit=reader.getnframes()):
            out.write(outline(piece, width))


def outline(samples: Samples, width: int) -> bytes:
    """One pair for each `width` samples, and one for the rest."""
    starts = np.arange(0, samples.size, width)
    pairs = np.stack([np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)], axis=1)
    # Rounded, so that the noise below half a step is drawn as the silence it is.
    rounded = np.clip((pairs.astype(np.int32) + 128) >> 8, -128, 127)
    return bytes(rounded.astype(np.int8).tobytes())
