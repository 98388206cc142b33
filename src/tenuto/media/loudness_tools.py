"""The parent's side of loudness: recordings are measured, and written at another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tenuto.domain.media import MediaInfo
from tenuto.domain.music import Heard, Loudness, Normalised, Outlook
from tenuto.media.mastering import CEILING_DB, MOST_ENCODINGS, TARGET_LUFS


class LoudnessTools:
    """What is called in the sandbox, by way of `call`."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        self._call = call

    def hear(
        self,
        source: Path,
        *,
        target_lufs: float = TARGET_LUFS,
        ceiling_db: float = CEILING_DB,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Heard:
        """Measure how loud `source`, any recording, is, and what it takes to bring it to another loudness."""
        found = self._call(
            "measure",
            source,
            module="loudness_sandbox",
            more={"target_lufs": target_lufs, "ceiling_db": ceiling_db},
            on_progress=on_progress,
            should_stop=should_stop,
        )
        found["info"]["warnings"] = tuple(found["info"]["warnings"])
        loud, outlook, info = Loudness(**found["loudness"]), Outlook(**found["outlook"]), MediaInfo(**found["info"])
        return Heard(**{**found, "loudness": loud, "outlook": outlook, "info": info})

    def normalise(
        self,
        source: Path,
        target: Path,
        wishes: Mapping[str, Any],
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Normalised:
        """Write `source` at another loudness, as `tenuto.media.loudness_sandbox.normalise` wants to be told."""
        found = self._call(
            "normalise",
            source,
            target,
            module="loudness_sandbox",
            times=MOST_ENCODINGS,
            more=dict(wishes),
            on_progress=on_progress,
            should_stop=should_stop,
        )
        return Normalised(**{**found, "loudness": Loudness(**found["loudness"])})
