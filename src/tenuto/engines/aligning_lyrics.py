"""The lyrics aligners' side of a child process: `tenuto.engines.aligning_lyrics:align_lyrics` as a target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from tenuto.domain.lyrics import line_to_json
from tenuto.engines.base import LyricsAligner
from tenuto.engines.config import EngineConfig
from tenuto.engines.registry import LYRICS_ALIGNER, load

Payload = dict[str, Any]


def align_lyrics(payload: Payload, emit: Callable[[Payload], None]) -> Payload:
    """Find out when `payload["lines"]` are sung in `payload["vocals"]`, telling progress."""
    config = EngineConfig.from_json(payload["config"])
    engine = cast("LyricsAligner", load(payload["engine"], LYRICS_ALIGNER)(config))
    lines = engine.align_lyrics(
        Path(payload["vocals"]), payload["lines"], payload["language"], lambda share: emit({"progress": share})
    )
    return {"lines": [line_to_json(line) for line in lines], "warnings": list(getattr(engine, "notes", ()))}
