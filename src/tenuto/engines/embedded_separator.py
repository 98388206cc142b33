"""Vocal reduction with nothing to download: cues of place, repetition, steadiness and pitch, weighed by a small net."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tenuto import errors
from tenuto.engines import stems
from tenuto.engines.base import EngineReport, Progress, Separation
from tenuto.engines.config import EngineConfig
from tenuto.engines.embedded_separator_cues import FRAME, read_cues
from tenuto.engines.embedded_separator_net import Weights, shipped_weights, voice_shares
from tenuto.engines.embedded_separator_stft import Floats, mean_over, to_samples

MODEL = "cues-1"
METHOD = "vocal reduction"
MONO = "The mix is mono, so the voice's place in it is no help: expect more of the band in the vocals."


class EmbeddedSeparator:
    """Takes most of a voice out of a mix, and no more is promised."""

    name = "embedded"

    def __init__(self, config: EngineConfig) -> None:
        del config

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """It is always ready."""
        del config
        detail = "Vocal reduction, offline; the weights come along. It is weaker on mono; demucs parts better."
        return EngineReport("embedded", ready=True, detail=detail, model=MODEL, licence="Apache-2.0")

    def separate(self, mix: Path, vocals: Path, instrumental: Path, model: str, progress: Progress) -> Separation:
        """Write `vocals` and `instrumental`."""
        if model not in ("", MODEL):
            raise errors.ValidationError(
                f"The separator embedded has no model {model[:80]!r}; its only one is {MODEL}."
            )
        weights = shipped_weights()
        found = stems.part(mix, vocals, instrumental, lambda block, _tell: voice_of(block, weights), progress)
        details = {"mono": found.mono, "vocals_db": found.voice_db}
        warnings = (*((MONO,) if found.mono and found.power else ()), *found.warnings())
        return Separation(METHOD, MODEL, details, warnings)


def voice_of(samples: Floats, weights: Weights) -> Floats:
    """The voice in a block of stereo samples, (2, samples)."""
    cues = read_cues(samples)
    in_middle, in_side = (mean_over(share, 3, 0) for share in voice_shares(cues, weights))
    length = samples.shape[1]
    middle = to_samples(cues.middle * in_middle, FRAME, length)
    side = to_samples(cues.side * in_side, FRAME, length)
    return np.stack([middle + side, middle - side])
