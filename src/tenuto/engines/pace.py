"""Speech made slower or faster without another pitch, for voices that cannot be told how fast to speak."""

from __future__ import annotations

import importlib.util

import numpy as np

FULL_SCALE, LOUDEST = 32_768.0, 32_767.0
PAD_SECONDS = 0.25  # of silence on both sides while it is stretched: a stretcher blurs what it begins with
PACKAGE = "python_stretch"
INSTALL = "pip install 'tenuto[stretch]'"


def can_change_pace() -> bool:
    """Whether the stretcher is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def at_pace(pcm: bytes, rate: int, speed: float) -> bytes:
    """The same speech at `speed` times its pace: 16-bit mono in and out."""
    from python_stretch import Signalsmith  # noqa: PLC0415 - an extra

    pad = np.zeros(round(PAD_SECONDS * rate), np.float32)
    sound = np.concatenate([pad, np.frombuffer(pcm, "<i2").astype(np.float32) / FULL_SCALE, pad])
    stretcher = Signalsmith.Stretch()
    stretcher.preset(1, float(rate))
    stretcher.setTimeFactor(speed)
    made = np.asarray(stretcher.process(sound[None]), np.float32)[0]
    first, length = round(len(pad) / speed), round(len(pcm) // 2 / speed)
    kept = made[first : first + length] * FULL_SCALE
    samples: bytes = np.clip(np.rint(kept), -FULL_SCALE, LOUDEST).astype("<i2").tobytes()
    return samples
