"""Whose voice narrates: one that an engine has, the embedded one bent towards a sample, or one cloned from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenuto import errors
from tenuto.domain.presentations import Findings
from tenuto.domain.voice_samples import SHAPE_VERSION, MatchedVoice
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig
from tenuto.pipelines.base import Outcome, Steps

SHAPED_BY, CLONED_BY = "espeak", "pocket-tts"
SHAPE, CLONE = "tenuto.engines.voice_match:match", "tenuto.engines.voice_clone:clone"
LONGEST_SECONDS = 600.0
FETCHING_SECONDS = 1800.0  # a model that clones may have to be fetched first


def require_shapeable(options: Mapping[str, Any]) -> None:
    """Refuse an engine that cannot take the voice of a sample."""
    engine = str(options["engine"])
    if options["voice_id"] and engine not in (registry.AUTO, SHAPED_BY, CLONED_BY):
        raise errors.ValidationError(
            f"The engine {engine[:60]} cannot take the voice of a sample; {SHAPED_BY} comes near to it, which is what "
            f"auto means then, and {CLONED_BY} clones it.",
            field="engine",
        )


def engine_of(options: Mapping[str, Any], config: EngineConfig) -> str:
    """The engine that speaks: with a sample the one that can be bent towards it, unless one that clones is named."""
    named = str(options["engine"])
    by_sample = options["voice_id"] and named == registry.AUTO
    return registry.choose_narrator(SHAPED_BY if by_sample else named, config)


def match(steps: Steps) -> Outcome:
    """Make a voice of the sample, unless that was done before by the same engine."""
    if not steps.options["voice_id"]:
        return Outcome({"shape": None})
    sample = steps.voice_sample()
    engine = engine_of(steps.options, steps.engines)
    if _is_known(sample.shape, engine, steps.engines):
        return Outcome({"shape": dict(sample.shape), "known": True})
    sound = steps.folder / "sample.wav"
    steps.media.decode(sample.path, sound, should_stop=steps.should_stop)
    found = steps.call(
        f"engine:{engine}",
        CLONE if engine == CLONED_BY else SHAPE,
        {
            "audio": str(sound),
            "sample": str(sample.path),
            "language": str(steps.options["language"]) or None,
            "config": steps.engines.to_json(),
            "folder": str(steps.folder),
        },
        lambda share: steps.progress(share, "cloning the voice" if engine == CLONED_BY else "matching the voice"),
        timeout_seconds=LONGEST_SECONDS + (FETCHING_SECONDS if engine == CLONED_BY else 0.0),
    )
    distances = {name: found[name] for name in ("method", "before", "after")}
    voice = MatchedVoice(sample.uid, found["shape"], distances)
    data = {"shape": found["shape"], "distances": distances}
    return Outcome(data, presentation=Findings(voice=voice), warnings=tuple(found["warnings"]))


def _is_known(shape: Mapping[str, Any], engine: str, config: EngineConfig) -> bool:
    """Whether that engine made this of the sample before, as it is now."""
    if engine != CLONED_BY:
        return bool(shape.get("version") == SHAPE_VERSION)
    return shape.get("engine") == engine and shape.get("made_by") == registry.report(engine, config).version


def shape_of(steps: Steps) -> dict[str, Any] | None:
    """What `match` found."""
    shape: dict[str, Any] | None = steps.result_of("match")["shape"]
    return shape


def sample_of(steps: Steps) -> str:
    """The sample itself on this machine, for an engine that clones; empty for others."""
    cloned = steps.options["voice_id"] and engine_of(steps.options, steps.engines) == CLONED_BY
    return str(steps.voice_sample().path) if cloned else ""


def told_of_voice(steps: Steps) -> str:
    """What a voice that follows a sample is to be called."""
    name = steps.voice_sample().name[:60]
    if engine_of(steps.options, steps.engines) == CLONED_BY:
        return f"The voice is cloned from the sample {name!r} by {CLONED_BY}: say so where people hear it."
    return f"The voice is {SHAPED_BY}'s, matched to the sample {name!r}; it is no clone of anybody's voice."
