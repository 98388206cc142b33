"""The voices' side of a child process: `tenuto.engines.narration:narrate` as a target of `tenuto.children`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenuto.engines.base import NarrateOptions, Narration, Narrator
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import narrator

Payload = dict[str, Any]

# A process keeps one engine: some have a model in memory, and callers keep a child per engine.
_warm: dict[tuple[str, str], Narrator] = {}


def narrate(payload: Payload, emit: Callable[[Payload], None]) -> Payload:
    """Speak `payload["text"]` with `payload["engine"]` into `payload["target"]`, telling progress."""
    engine = warm(payload["engine"], payload["config"])
    options = NarrateOptions(**payload["options"])
    found = engine.narrate(payload["text"], Path(payload["target"]), options, lambda share: emit({"progress": share}))
    return to_json(found)


def warm(name: str, config: Payload) -> Narrator:
    """The engine this process keeps; another one takes its place."""
    key = (name, json.dumps(config, sort_keys=True))
    if key not in _warm:
        _warm.clear()
        _warm[key] = narrator(name, EngineConfig.from_json(config))
    return _warm[key]


def to_json(found: Narration) -> Payload:
    """What was spoken, as plain values."""
    words = [[word.start_ms, word.end_ms, word.text] for word in found.words]
    return {**asdict(found), "words": words, "warnings": list(found.warnings)}
