"""The child's side of films."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tenuto.domain.films import Film, scenes_from_json
from tenuto.media.film import write_film
from tenuto.media.film_pictures import write_poster
from tenuto.media.music_sandbox import shares
from tenuto.media.podcast import write_podcast
from tenuto.media.sandbox import Emit, Payload, translated


def film(payload: Payload, emit: Emit) -> Payload:
    """Film scenes of our own."""
    scenes, look = scenes_from_json(payload["scenes"]), Film(**payload["film"])
    with translated("scenes", made="film"):
        return asdict(write_film(scenes, Path(payload["target"]), look, Path(payload["segments"]), shares(emit)))


def podcast(payload: Payload, emit: Emit) -> Payload:
    """Write the sounds of scenes of our own."""
    scenes, look = scenes_from_json(payload["scenes"]), Film(**payload["film"])
    with translated("scenes", made="podcast"):
        return asdict(write_podcast(scenes, Path(payload["target"]), payload["format"], look, shares(emit)))


def poster(payload: Payload, _emit: Emit) -> Payload:
    """Write a picture as a JPEG."""
    with translated("picture", made="poster"):
        write_poster(Path(payload["source"]), Path(payload["target"]), payload["side"])
    return {}
