"""How loud a recording is over time, read a little at a time."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np

from tenuto.media.waves import HOP_MS, READ_SECONDS, pieces, powers, read_wave

FULL_SCALE_DB = 20 * float(np.log10(32_768.0))
LOWEST_DB = -120


def levels(wav: Path) -> array[int]:
    """The level of each 20 ms in whole dB below full scale; two hours take 360 KB."""
    found = array("b")
    with read_wave(wav) as reader:
        hop = max(reader.getframerate() * HOP_MS // 1000, 1)
        for piece in pieces(reader, frames=hop * 50 * READ_SECONDS, limit=reader.getnframes()):
            loud = 10 * np.log10(powers(piece, hop) + 1e-3) - FULL_SCALE_DB
            found.frombytes(np.clip(np.round(loud), LOWEST_DB, 0).astype(np.int8).tobytes())
    return found
