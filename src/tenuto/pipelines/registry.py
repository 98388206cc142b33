"""Kind of job → its pipeline."""

from __future__ import annotations

from collections.abc import Mapping

from tenuto import errors
from tenuto.pipelines import (
    align,
    backing,
    compose,
    fetch_song,
    karaoke,
    loudness,
    narrate,
    realign,
    separate,
    speak,
    transcribe,
)
from tenuto.pipelines.base import Pipeline

PIPELINES: Mapping[str, Pipeline] = {
    pipeline.name: pipeline
    for pipeline in (
        transcribe.PIPELINE,
        speak.PIPELINE,
        realign.PIPELINE,
        separate.PIPELINE,
        align.PIPELINE,
        karaoke.PIPELINE,
        backing.PIPELINE,
        fetch_song.PIPELINE,
        compose.PIPELINE,
        narrate.PIPELINE,
        loudness.PIPELINE,
    )
}


def pipeline(kind: str) -> Pipeline:
    """The pipeline of that kind, or UnknownWork."""
    try:
        return PIPELINES[kind]
    except KeyError:
        known = ", ".join(PIPELINES)
        raise errors.UnknownWork(f"There is no kind of job called {kind[:60]!r}; this version knows {known}.") from None
