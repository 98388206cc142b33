"""A call of a voice engine: a text goes to a child process and comes back as sound in a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenuto.engines import registry
from tenuto.engines.base import NarrateOptions
from tenuto.pipelines.base import Steps

# A voice that takes longer than this hangs: some time to begin, and a tenth of a second a letter.
BEGINNING_SECONDS, SECONDS_PER_CHARACTER = 120.0, 0.1
# One with a heavy model may have to fetch it first, and speaks hardly faster than people do.
FETCHING_SECONDS, HEAVY_SECONDS_PER_CHARACTER = 1800.0, 1.0


def voice(
    steps: Steps, engine: str, text: str, target: Path, *, options: NarrateOptions, on_share: Callable[[float], None]
) -> dict[str, Any]:
    """Have `text` spoken into `target`; what comes back is what `tenuto.engines.narration` says of it."""
    payload = {
        "engine": engine,
        "config": steps.engines.to_json(),
        "text": text,
        "target": str(target),
        "options": asdict(options),
    }
    patience = patience_with(engine, text, options.speed)
    return steps.call(
        f"engine:{engine}", "tenuto.engines.narration:narrate", payload, on_share, timeout_seconds=patience
    )


def patience_with(engine: str, text: str, speed: float) -> float:
    """How many seconds an engine may take for a text."""
    if registry.traits(engine).heavy:
        return FETCHING_SECONDS + HEAVY_SECONDS_PER_CHARACTER * len(text)
    return BEGINNING_SECONDS + SECONDS_PER_CHARACTER * len(text) / speed
