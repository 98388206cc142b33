"""Chance that is the same every time: one stream for each thing that is decided, so that none disturbs another."""

from __future__ import annotations

import zlib

import numpy as np

Dice = np.random.Generator


def dice(seed: int, what: str) -> Dice:
    """The dice for one thing of the piece that a seed names."""
    return np.random.default_rng([seed, zlib.crc32(what.encode())])
