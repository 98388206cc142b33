"""The voices' side of a child process: `tenuto.engines.narration:narrate` as a target of `tenuto.children`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenuto.engines.base import NarrateOptions, Narration
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import narrator

Payload = dict[str, Any]


def narrate(payload: Payload, emit: Callable[[Payload], None]) -> Payload:
    """Speak `payload["text"]` with `payload["engine"]` into `payload["target"]`, telling progress."""
    engine = narrator(payload["engine"], EngineConfig.from_json(payload["config"]))
    options = NarrateOptions(**payload["options"])
    found = engine.narrate(payload["text"], Path(payload["target"]), options, lambda share: emit({"progress": share}))
    return to_json(found)


def to_json(found: Narration) -> Payload:
    """What was spoken, as plain values."""
    words = [[word.start_ms, word.end_ms, word.text] for word in found.words]
    return {**asdict(found), "words": words, "warnings": list(found.warnings)}
