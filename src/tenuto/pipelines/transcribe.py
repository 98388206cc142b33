"""A recording becomes timed words: decode, cut at silence, hear each block, join, tidy, make a copy to listen to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.costs import Usage
from tenuto.domain.media import Block
from tenuto.domain.transcripts import Transcript
from tenuto.engines import codec, registry
from tenuto.engines.base import TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.work import options_to_json
from tenuto.pipelines import remote, sound
from tenuto.pipelines import transcribe_options as options
from tenuto.pipelines.base import Artifact, Kept, Outcome, Pipeline, Step, Steps
from tenuto.pipelines.guard import guarded
from tenuto.pipelines.polish import hot_words, polish
from tenuto.pipelines.speakers import find_speakers
from tenuto.pipelines.times import find_times

SHORTEST_BLOCK_SECONDS = 15.0
# An engine that takes longer than this hangs: time to load or fetch a model, and times real time for the sound.
LOADING_SECONDS = 1800.0
SLOWEST = 30.0


def prepare(steps: Steps) -> Outcome:
    """Decode everything once: what comes out is the truth about length, and what all times refer to."""
    choice = registry.choose(str(steps.options["engine"]), steps.engines)
    info = sound.decode(steps, lambda share: steps.progress(share * 0.8, "reading the recording"))
    traits = registry.traits(choice.name)
    if steps.options.get("translate") and not traits.translates:
        raise errors.ValidationError(f"The engine {choice.name} cannot translate; choose another, such as whisper.")
    target = block_seconds(traits, info.duration_ms / 1000, steps.parallel)
    blocks = steps.media.plan_blocks(sound.path_of(steps), target_seconds=target)
    artifacts: tuple[Artifact, ...] = ()
    if not steps.has_artifact("peaks"):
        peaks = steps.folder / "peaks.bin"
        steps.media.peaks(sound.path_of(steps), peaks)
        artifacts = (Artifact(peaks, "peaks", "application/octet-stream"),)
    fallback = (f"{choice.reason} For a much better transcript: {choice.hint}",) if choice.hint else ()
    data = {
        "engine": choice.name,
        "reason": choice.reason,
        "hint": choice.hint,
        "duration_ms": info.duration_ms,
        "truncated": info.truncated,
        "channels": info.channels,
        "blocks": [asdict(block) for block in blocks],
    }
    return Outcome(data, engine=choice.name, artifacts=artifacts, warnings=(*info.warnings, *fallback))


def block_seconds(traits: registry.Traits, duration_seconds: float, parallel: int) -> float:
    """The engine's own length, or less where a short recording would leave cores idle and its reader waiting."""
    if not traits.parallel_blocks or traits.remote:  # A service far away is not one of our cores.
        return traits.block_seconds
    return min(traits.block_seconds, max(SHORTEST_BLOCK_SECONDS, duration_seconds / (2 * parallel)))


def transcribe(steps: Steps) -> Outcome:
    """Hear each block by itself; a block that was heard is never heard again."""
    prepared = steps.result_of("prepare")
    traits = registry.traits(prepared["engine"])
    blocks = [Block(**block) for block in prepared["blocks"]]
    audio_of_all = sound.decoded(steps)
    given = {name: steps.options[name] for name in ("language", "model", "translate", "extra")}
    words = tuple(hot_words(steps, prepared["engine"]))
    wishes = options_to_json(TranscribeOptions(**given, hot_words=words))
    model = model_of(prepared["engine"], steps.options, steps.engines)

    def cut(index: int) -> Path:
        audio = steps.folder / f"block-{index:04d}.wav"
        steps.media.cut(audio_of_all, blocks[index], audio)
        return audio

    def hear(index: int, tell: Callable[[float], None]) -> Kept:
        if traits.remote:
            length = blocks[index].end_ms - blocks[index].start_ms
            expected = Usage(prepared["engine"], model, audio_ms=length)
            piece = remote.Piece(prepared["engine"], index, len(blocks), wishes, expected, lambda: cut(index))
            return remote.hear(steps, piece, tell)
        audio = cut(index)
        payload = {
            "engine": prepared["engine"],
            "config": steps.engines.to_json(),
            "audio": str(audio),
            "options": wishes,
        }
        used = Usage(prepared["engine"], model, audio_ms=blocks[index].end_ms - blocks[index].start_ms)
        steps.may_spend(used)
        steps.take_turn(prepared["engine"])
        seconds = used.audio_ms / 1000
        patience = LOADING_SECONDS + SLOWEST * seconds
        key = f"engine:{prepared['engine']}"
        heard = steps.call(key, "tenuto.engines.work:transcribe", payload, tell, timeout_seconds=patience)
        audio.unlink(missing_ok=True)
        return Kept(heard, used)

    weights = [float(block.end_ms - block.start_ms) for block in blocks]
    steps.each(weights, hear, at_once=steps.parallel if traits.parallel_blocks else 1)
    if traits.keeps_results:
        remote.forget(steps, prepared["engine"], len(blocks))
    outcome = guarded(steps, _joined(steps, blocks, prepared), audio_of_all)
    return replace(outcome, data={"blocks": len(blocks), **outcome.data})


def _joined(steps: Steps, blocks: list[Block], prepared: dict[str, Any]) -> Transcript:
    heard = [codec.from_json(part) for part in steps.parts_of("transcribe")]
    languages = [part.language for part in heard if part.language and part.segments]
    return Transcript(
        segments=tuple(
            segment.shifted(block.start_ms)
            for block, part in zip(blocks, heard, strict=True)
            for segment in part.segments
        ),
        language=max(set(languages), key=languages.count) if languages else steps.options["language"],
        duration_ms=prepared["duration_ms"],
        engine=prepared["engine"],
        model=next((part.model for part in heard if part.model), ""),
        title=str(steps.options["title"]),
        warnings=tuple(dict.fromkeys(warning for part in heard for warning in part.warnings)),
    )


def model_of(engine: str, given: Mapping[str, Any], config: EngineConfig) -> str:
    """The model an engine will use, which is what its price may depend on."""
    translating = registry.traits(engine).translation_model if given.get("translate") else ""
    return translating or str(given["model"]) or registry.report(engine, config).model


def expects(given: Mapping[str, Any], duration_ms: int, config: EngineConfig) -> tuple[Usage, ...]:
    """One call per block of the engine's own length."""
    engine = registry.choose(str(given["engine"]), config).name
    blocks = max(1, math.ceil(duration_ms / 1000 / registry.traits(engine).block_seconds))
    model = model_of(engine, given, config)
    return (Usage(engine, model, requests=blocks, audio_ms=duration_ms),)


def playback(steps: Steps) -> Outcome:
    """A copy whose times a browser keeps to, made once per recording."""
    if steps.has_artifact("playback"):
        return Outcome({"made": False})
    target = steps.folder / "playback.m4a"
    tell = lambda share: steps.progress(share, "making a copy to listen to")  # noqa: E731 - one line says it
    steps.media.playback_copy(steps.source(), target, on_progress=tell, should_stop=steps.should_stop)
    return Outcome({"made": True}, artifacts=(Artifact(target, "playback", "audio/mp4"),))


PIPELINE = Pipeline(
    name="transcribe",
    steps=(
        Step("prepare", "preparing", 6, prepare),
        Step("transcribe", "transcribing", 80, transcribe),
        Step("times", "timing_words", 2, find_times, optional=True),
        Step("speakers", "finding_speakers", 6, find_speakers, optional=True),
        Step("polish", "polishing", 1, polish, optional=True),
        Step("playback", "making_playback", 5, playback, optional=True),
    ),
    expects=expects,
    check_options=options.check,
)
