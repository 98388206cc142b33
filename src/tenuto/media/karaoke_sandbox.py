"""The child's side of karaoke videos."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tenuto.domain.lyrics import from_json
from tenuto.media.karaoke_look import Look
from tenuto.media.karaoke_video import render
from tenuto.media.music_sandbox import shares
from tenuto.media.sandbox import Emit, Payload, translated


def karaoke(payload: Payload, emit: Emit) -> Payload:
    """Draw lyrics to a sound of our own."""
    colours = {name: tuple(value) for name, value in payload["look"].items() if isinstance(value, list)}
    look = Look(**{**payload["look"], **colours})
    lyrics = from_json(payload["lyrics"])
    with translated():
        return asdict(render(lyrics, Path(payload["source"]), Path(payload["target"]), look, shares(emit)))
