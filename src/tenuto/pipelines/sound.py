"""The decoded sound of a job's recording, which several steps work on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tenuto.domain.media import MediaInfo
from tenuto.pipelines.base import Steps


def decode(steps: Steps, on_progress: Callable[[float], None]) -> MediaInfo:
    """Decode the recording to where `decoded` looks for it."""
    return steps.media.decode(steps.source(), path_of(steps), on_progress=on_progress, should_stop=steps.should_stop)


def decoded(steps: Steps) -> Path:
    """The sound as 16 kHz mono; decoded again when another machine, or a life before this one, did it."""
    if not path_of(steps).exists():
        decode(steps, lambda _share: steps.progress(0.0, "reading the recording"))
    return path_of(steps)


def path_of(steps: Steps) -> Path:
    """Where the decoded sound lies, or will."""
    return steps.folder / "sound.wav"
