"""Weighs the cues: a small network that says how much of each point of the spectrum is voice."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from tenuto.engines.embedded_separator_cues import BINS, Cues, bands
from tenuto.engines.embedded_separator_stft import Floats

WEIGHTS = "embedded_separator.npz"
LAYERS = 3
POINTS = 16 * BINS  # at a time: they stay in the cache
Weights = Mapping[str, Floats]


@cache
def shipped_weights() -> Weights:
    """The weights that come along."""
    with files("tenuto.engines").joinpath(WEIGHTS).open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def voice_shares(cues: Cues, weights: Weights) -> tuple[Floats, Floats]:
    """How much of the middle and of the side is voice, from 0 to 1, each (frames, bins)."""
    own = len(cues.values)
    first_layer = weights["weight_1"].T
    # What follows from the bin alone is the same in every frame: it is worked out once and added.
    by_bin = first_layer[:, own:] @ bands().T + weights["bias_1"][:, None]
    shares = np.empty((2, cues.values.shape[1]), np.float32)
    for first in range(0, shares.shape[1], POINTS):
        points = slice(first, first + POINTS)
        values = first_layer[:, :own] @ cues.values[:, points]
        values.reshape(len(values), -1, BINS)[:] += by_bin[:, None]
        for layer in range(2, LAYERS + 1):
            values = weights[f"weight_{layer}"].T @ np.maximum(values, 0) + weights[f"bias_{layer}"][:, None]
        shares[:, points] = 1 / (1 + np.exp(-values))
    middle, side = shares.reshape(2, *cues.middle.shape)
    return middle, side
