"""Songs as people name them: a file, which is added to the library once, or the id of a song."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.cli.backend import Backend
from tenuto.cli.show import note
from tenuto.client import Client

UID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True)
class Names:
    """What somebody says a new song is called."""

    title: str = ""
    artist: str = ""


@dataclass(frozen=True)
class Known:
    """A song of the library, and where what is made of it belongs."""

    id: str
    stem: str
    folder: Path


def find_song(backend: Backend, client: Client, given: str, names: Names) -> Known:
    """The song; a file whose content is in the library already is the song that is there."""
    path = Path(given)
    if path.is_file():
        return Known(_added(backend, client, path, names), path.stem, path.parent)
    if UID.fullmatch(given):
        song = client.ask("GET", f"/api/songs/{given}")
        return Known(given, f"{song['artist']} - {song['title']}".replace("/", "_"), Path())
    raise errors.NotFound(f"{given[:200]} is neither a file nor the id of a song.")


def _added(backend: Backend, client: Client, path: Path, names: Names) -> str:
    file = backend.add_file(path)
    try:
        given = {"title": names.title, "artist": names.artist}
        made = _make(client, file.id, {name: text for name, text in given.items() if text}, path)
    except errors.TenutoError as error:
        backend.delete_file(file.id)
        known = error.details.get("song_id")
        if isinstance(error, errors.ConflictError) and known:
            return str(known)
        raise
    note(f"{path}: added to the library as {made['artist']} - {made['title']} ({made['id']}).")
    return str(made["id"])


def _make(client: Client, file_id: str, names: dict[str, str], path: Path) -> dict[str, Any]:
    """Add the song; what neither tags nor a name such as "Artist - Title" tell has a default."""
    from tenuto.services.song_intake import UNKNOWN_ARTIST

    try:
        return client.ask("POST", "/api/songs", json={"file_id": file_id, **names})
    except errors.ValidationError as error:
        missing = str(error.details.get("field"))
        defaults = {"title": path.stem, "artist": UNKNOWN_ARTIST}
        if missing not in defaults or missing in names:
            raise
        return _make(client, file_id, {**names, missing: defaults[missing]}, path)


def put_lyrics(client: Client, song: Known, path: Path | None) -> None:
    """Give the song the lyrics of a file, unless it has these words: they may be timed by now."""
    if path is None:
        return
    from tenuto.services.song_intake import same_words
    from tenuto.services.song_lyrics import text_of

    try:
        text = text_of(path.read_bytes())
    except OSError as error:
        raise errors.NotFound(f"{path} cannot be read: {error.strerror}.") from error
    address = f"/api/songs/{song.id}/lyrics"
    try:
        here = client.download(f"{address}/plain").decode().rstrip("\n")
    except errors.NotFound:
        here = ""
    if not same_words(text, here):
        client.send(address, text.encode(), "text/plain; charset=utf-8")
