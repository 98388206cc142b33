"""The separators' side of a child process: `tenuto.engines.separating:separate` as a target of `tenuto.children`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from tenuto.engines.base import Separator
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import SEPARATOR, load

Payload = dict[str, Any]
PROGRESS_STEP = 0.005  # finer progress than this is not worth a message

# A process keeps one engine: a second loaded model would double its memory.
_warm: dict[tuple[str, str], Separator] = {}


def separate(payload: Payload, emit: Callable[[Payload], None]) -> Payload:
    """Part `payload["mix"]` into `payload["vocals"]` and `payload["instrumental"]`, telling progress."""
    key = (payload["engine"], json.dumps(payload["config"], sort_keys=True))
    if key not in _warm:
        _warm.clear()
        _warm[key] = cast("Separator", load(payload["engine"], SEPARATOR)(EngineConfig.from_json(payload["config"])))
    mix, vocals, instrumental = (Path(payload[name]) for name in ("mix", "vocals", "instrumental"))
    told = -1.0

    def progress(share: float) -> None:
        nonlocal told
        if share >= told + PROGRESS_STEP or share >= 1.0 > told:
            told = share
            emit({"progress": share})

    return asdict(_warm[key].separate(mix, vocals, instrumental, payload["model"], progress))
