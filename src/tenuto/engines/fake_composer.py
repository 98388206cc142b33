"""An honest fake composer for tests: a metronome. With an odd seed it says another tempo than it beats."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tenuto.engines.base import ComposeOptions, Composition, EngineReport, Progress
from tenuto.engines.config import EngineConfig

BPM, SAID_BPM = 120.0, 97.0
SECONDS = 8.0
CLICK_HZ, FADE = 1000.0, 60.0


class FakeComposer:
    """Clicks, and the claim that they are music."""

    name = "fake-composer"

    def __init__(self, config: EngineConfig) -> None:
        del config

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """It is always ready."""
        del config
        detail = "A fake for tests: a metronome, and no music."
        return EngineReport("fake-composer", ready=True, detail=detail, model="fake-1", licence="Apache-2.0")

    def compose(self, prompt: str, folder: Path, options: ComposeOptions, progress: Progress) -> Composition:
        """Write a metronome to `folder`."""
        seed = len(prompt) if options.seed is None else options.seed
        frames = round((options.seconds or SECONDS) * options.rate)
        times = np.arange(frames) / options.rate
        since = times % (60 / BPM)
        # The seed decides on which side it stands, so that each sounds otherwise.
        sides = 0.3 + 0.7 * np.random.default_rng(seed).random(2)
        click = np.sin(2 * np.pi * CLICK_HZ * since) * np.exp(-FADE * since)
        sound = (click[:, None] * sides).astype("<f4")
        (folder / "mix.f32").write_bytes(sound.tobytes())
        stems = ("left", "right") if options.stems else ()
        for side, name in enumerate(stems):
            alone = np.zeros_like(sound)
            alone[:, side] = sound[:, side]
            (folder / f"{name}.f32").write_bytes(alone.tobytes())
        progress(1.0)
        warning = "This metronome comes from the fake composer."
        return Composition("fake-1", seed, frames, bpm=SAID_BPM if seed % 2 else BPM, stems=stems, warnings=(warning,))
