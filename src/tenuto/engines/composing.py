"""The composers' side of a child process: `tenuto.engines.composing:compose` as a target of `tenuto.children`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenuto.engines.base import ComposeOptions
from tenuto.engines.choosing import composer
from tenuto.engines.config import EngineConfig

Payload = dict[str, Any]


def compose(payload: Payload, emit: Callable[[Payload], None]) -> Payload:
    """Compose `payload["prompt"]` with `payload["engine"]` into `payload["folder"]`, telling progress."""
    engine = composer(payload["engine"], EngineConfig.from_json(payload["config"]))
    options = ComposeOptions(**payload["options"])
    folder = Path(payload["folder"])
    return asdict(engine.compose(payload["prompt"], folder, options, lambda share: emit({"progress": share})))
