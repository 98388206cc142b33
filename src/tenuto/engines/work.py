"""The engines' side of a child process: `tenuto.engines.work:transcribe` as a target of `tenuto.children`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.alignment import stretch_from_json
from tenuto.domain.speakers import Turn
from tenuto.engines.base import Aligner, DiarizeOptions, Diarizer, Progress, TranscribeOptions, Transcriber
from tenuto.engines.codec import to_json
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import aligner, diarizer, transcriber

PROGRESS_STEP = 0.005  # finer progress than this is not worth a message

# A process keeps one engine: a second loaded model would double its memory, and callers keep a child per engine.
_warm: dict[tuple[str, str, str], Transcriber] = {}


_warm_diarizers: dict[tuple[str, str], Diarizer] = {}


def diarize(payload: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Tell the voices in `payload["audio"]` apart with `payload["engine"]`, telling progress as `transcribe` does."""
    key = (payload["engine"], json.dumps(payload["config"], sort_keys=True))
    if key not in _warm_diarizers:
        _warm_diarizers.clear()
        _warm_diarizers[key] = diarizer(payload["engine"], EngineConfig.from_json(payload["config"]))
    options = DiarizeOptions(**payload["options"])
    return asdict(_warm_diarizers[key].diarize(Path(payload["audio"]), options, _teller(emit)))


def describe_voices(payload: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """What the voices in `payload["audio"]` are like, whose `payload["turns"]` are known already."""
    from tenuto.engines import voiceprints, windows  # noqa: PLC0415 - numpy is for those who need it

    turns = [Turn(*turn) for turn in payload["turns"]]
    voices = windows.Windower().voices(Path(payload["audio"]), turns)
    emit({"progress": 1.0})
    return {"voices": voices, "voice_model": voiceprints.MODEL}


_warm_aligners: dict[str, Aligner] = {}


def align(payload: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Find out when the words of `payload["stretches"]` are said in `payload["audio"]`."""
    name = payload["engine"]
    if name not in _warm_aligners:
        _warm_aligners[name] = aligner(name, EngineConfig.from_json(payload["config"]))
    stretches = [stretch_from_json(stretch) for stretch in payload["stretches"]]
    found = _warm_aligners[name].align(Path(payload["audio"]), stretches, payload["language"], _teller(emit))
    return {"times": [[[astuple(time) for time in times] for times in segments] for segments in found]}


def transcribe(payload: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Transcribe `payload["audio"]` with `payload["engine"]`, telling progress as {"progress": 0.42}."""
    options = options_from_json(payload.get("options") or {})
    engine = warm_engine(payload["engine"], payload["config"], options.model)
    return to_json(engine.transcribe(Path(payload["audio"]), options, _teller(emit)))


def options_to_json(options: TranscribeOptions) -> dict[str, Any]:
    """The options as plain values, for a payload."""
    return {
        "language": options.language,
        "model": options.model,
        "hot_words": list(options.hot_words),
        "translate": options.translate,
        "extra": options.extra,
    }


def options_from_json(data: dict[str, Any]) -> TranscribeOptions:
    """Read what `options_to_json` wrote."""
    try:
        return TranscribeOptions(**{**data, "hot_words": tuple(data.get("hot_words") or ())})
    except TypeError as error:
        raise errors.ValidationError(f"These are not options of a transcriber: {error}.") from error


def _teller(emit: Callable[[dict[str, Any]], None]) -> Progress:
    """Passes progress on when there is enough of it."""
    told = -1.0

    def progress(share: float) -> None:
        nonlocal told
        if share >= told + PROGRESS_STEP or (share >= 1.0 > told):
            told = share
            emit({"progress": share})

    return progress


def warm_engine(name: str, config: dict[str, Any], model: str) -> Transcriber:
    """The engine this process keeps; another one takes its place."""
    key = (name, json.dumps(config, sort_keys=True), model)
    if key not in _warm:
        _warm.clear()
        _warm[key] = transcriber(name, EngineConfig.from_json(config))
    return _warm[key]
