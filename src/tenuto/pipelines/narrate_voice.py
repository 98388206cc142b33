"""Whose voice narrates: one that an engine has, or the embedded one bent towards a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenuto import errors
from tenuto.domain.presentations import Findings
from tenuto.domain.voice_samples import SHAPE_VERSION, MatchedVoice
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig
from tenuto.pipelines.base import Outcome, Steps

TARGET = "tenuto.engines.voice_match:match"
SHAPED_BY = "espeak"
LONGEST_SECONDS = 600.0


def require_shapeable(options: Mapping[str, Any]) -> None:
    """Refuse an engine that cannot take the shape of a sample."""
    engine = str(options["engine"])
    if options["voice_id"] and engine not in (registry.AUTO, SHAPED_BY):
        raise errors.ValidationError(
            f"The engine {engine[:60]} cannot take the voice of a sample; {SHAPED_BY} can, and auto means it then.",
            field="engine",
        )


def engine_of(options: Mapping[str, Any], config: EngineConfig) -> str:
    """The engine that speaks: with a sample the one that can be bent towards it."""
    return registry.choose_narrator(SHAPED_BY if options["voice_id"] else str(options["engine"]), config)


def match(steps: Steps) -> Outcome:
    """Bend the embedded voice towards the sample, unless that was done before."""
    if not steps.options["voice_id"]:
        return Outcome({"shape": None})
    sample = steps.voice_sample()
    if sample.shape.get("version") == SHAPE_VERSION:
        return Outcome({"shape": dict(sample.shape), "known": True})
    sound = steps.folder / "sample.wav"
    steps.media.decode(sample.path, sound, should_stop=steps.should_stop)
    payload = {"audio": str(sound), "config": steps.engines.to_json(), "folder": str(steps.folder)}
    found = steps.call(
        f"engine:{SHAPED_BY}",
        TARGET,
        payload,
        lambda share: steps.progress(share, "matching the voice"),
        timeout_seconds=LONGEST_SECONDS,
    )
    distances = {name: found[name] for name in ("method", "before", "after")}
    voice = MatchedVoice(sample.uid, found["shape"], distances)
    data = {"shape": found["shape"], "distances": distances}
    return Outcome(data, presentation=Findings(voice=voice), warnings=tuple(found["warnings"]))


def shape_of(steps: Steps) -> dict[str, Any] | None:
    """What `match` found."""
    shape: dict[str, Any] | None = steps.result_of("match")["shape"]
    return shape


def told_of_voice(steps: Steps) -> str:
    """What a voice that follows a sample is to be called."""
    sample = steps.voice_sample()
    return f"The voice is {SHAPED_BY}'s, matched to the sample {sample.name[:60]!r}; it is no clone of anybody's voice."
