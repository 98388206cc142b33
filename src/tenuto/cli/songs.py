"""`tenuto songs`: the library."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import typer

from tenuto import errors
from tenuto.cli import show, song_lyrics
from tenuto.cli.backend import Backend, open_backend
from tenuto.cli.door import door_of, open_door
from tenuto.cli.failure import exit_code, tell
from tenuto.cli.follow import follow, reporter_for
from tenuto.cli.options import JSON, Cursor, Limit, Yes
from tenuto.cli.song_watch import watch_folders
from tenuto.client import Client
from tenuto.client.shapes import Page

app = typer.Typer(help="Keep a library of songs.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(song_lyrics.app, name="lyrics")
ADDRESS = "/api/songs"
SOME = 6

Song = Annotated[str, typer.Argument(metavar="SONG", help="Id of the song, or words only it has.", show_default=False)]
What = Annotated[
    list[str],
    typer.Argument(metavar="FILE|FOLDER|URL...", help="Files, folders with all below, addresses.", show_default=False),
]
Title = Annotated[str, typer.Option(help="Its title, when its tags do not say it.", show_default=False)]
Artist = Annotated[str, typer.Option(help="Its artist.", show_default=False)]
Album = Annotated[str, typer.Option(help="Its album.", show_default=False)]
Watch = Annotated[bool, typer.Option("--watch", help="Go on adding what comes into the folders, until Ctrl-C.")]


class Adding:
    """What became of everything that was to be added."""

    def __init__(self, backend: Backend, client: Client, names: dict[str, str], *, as_json: bool) -> None:
        self.backend, self.client, self.names, self.as_json = backend, client, names, as_json
        self.done: dict[str, list[dict[str, Any]]] = {"added": [], "skipped": [], "failed": []}
        self.first_error: errors.TenutoError | None = None

    def add(self, what: str) -> None:
        """Add one file or address; what goes wrong with it does not keep the others out."""
        try:
            song = self._make(what)
        except errors.ConflictError as error:
            if "song_id" in error.details:
                self.done["skipped"].append({"file": what, "song_id": error.details["song_id"]})
                show.note(f"{what}: {error.message}")
            else:
                self._fail(what, error)
        except errors.TenutoError as error:
            self._fail(what, error)
        else:
            self.done["added"].append(song)
            if not self.as_json:
                print(f"{song['id']}  {show.clean(song['artist'])} - {show.clean(song['title'])}", flush=True)

    def _fail(self, what: str, error: errors.TenutoError) -> None:
        self.first_error = self.first_error or error
        self.done["failed"].append({"file": what, "code": error.code, "message": error.message})
        tell(error, about=what)

    def _make(self, what: str) -> dict[str, Any]:
        if is_address(what):
            return self._fetch(what)
        path = Path(what)
        known = self.client.ask("GET", ADDRESS, sha256=_hash(path))["items"]
        if known:
            raise errors.ConflictError(
                f"It is in the library already, as {known[0]['artist']} - {known[0]['title']}.", song_id=known[0]["id"]
            )
        file = self.client.upload(path)
        try:
            return self.client.ask("POST", ADDRESS, json={"file_id": file.id, **self.names})
        except errors.TenutoError:
            self.client.delete_file(file.id)
            raise

    def _fetch(self, url: str) -> dict[str, Any]:
        """Have a job fetch the song, and watch it."""
        begun = self.client.ask("POST", ADDRESS, json={"url": url, **self.names})
        (job,) = follow(self.backend, [begun["id"]], reporter_for(as_json=self.as_json))
        if job.error is not None:
            raise errors.from_code(job.error.code, job.error.message)
        if job.song_id is None:
            raise errors.Cancelled
        song: dict[str, Any] = self.client.ask("GET", f"{ADDRESS}/{job.song_id}")
        if song["created_at"] < begun["created_at"]:
            raise errors.ConflictError(" ".join(job.warnings), song_id=song["id"])
        return song


@app.command()
def add(
    what: What,
    *,
    title: Title = "",
    artist: Artist = "",
    album: Album = "",
    watch: Watch = False,
    as_json: JSON = False,
) -> None:
    """Add songs: files, the recordings in folders, and addresses of video sites. What is there already is skipped."""
    names = {name: text for name, text in (("title", title), ("artist", artist), ("album", album)) if text}
    folders = [Path(item) for item in what if not is_address(item) and Path(item).is_dir()]
    if title and (len(what) > 1 or folders):
        raise errors.ValidationError("--title names one song; add the others by themselves.")
    if watch and not folders:
        raise errors.ValidationError("--watch looks after folders, and none is named.")
    with open_backend() as backend, door_of(backend) as client:
        adding = Adding(backend, client, names, as_json=as_json)
        for item in what:
            if is_address(item) or not Path(item).is_dir():
                adding.add(item)
        watch_folders(folders, lambda path: adding.add(str(path)), forever=watch)
    if as_json:
        show.document(adding.done)
    if adding.first_error is not None:
        raise typer.Exit(exit_code(adding.first_error))


@app.command("import")
def import_songs(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="A folder of the server.", show_default=False)],
    as_json: JSON = False,
) -> None:
    """Add the recordings of a folder on the server, below those that TENUTO_IMPORT_DIRS names there."""
    done: dict[str, list[Any]] = {"added": [], "skipped": [], "failed": []}
    more, cursor = True, None
    with open_door() as client:
        while more:
            found = client.ask("POST", f"{ADDRESS}/import", json={"folder": folder, "limit": 50, "cursor": cursor})
            for name in done:
                done[name] += found[name]
            for song in () if as_json else found["added"]:
                print(f"{song['id']}  {show.clean(song['artist'])} - {show.clean(song['title'])}", flush=True)
            cursor = found["next_cursor"]
            more = cursor is not None
    if as_json:
        show.document(done)
    else:
        for item in done["failed"]:
            show.note(f"{item['file']}: {item['message']}")
        show.note(f"Added {len(done['added'])}, failed {len(done['failed'])}.")
    if done["failed"]:
        raise typer.Exit(1)


@app.command("list")
def list_songs(
    source: Annotated[str, typer.Option(help="Only from there: youtube, upload or local.", show_default=False)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: JSON = False,
) -> None:
    """List songs, newest first."""
    with open_door() as client:
        found = client.ask("GET", ADDRESS, source=source, limit=limit, cursor=cursor)
    _page(found, as_json, "There are no songs. Add some with `tenuto songs add FILE`.")


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="Words of title and artist.")],
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: JSON = False,
) -> None:
    """Find songs by words of their title and artist; the last word may be begun only."""
    with open_door() as client:
        found = client.ask("GET", ADDRESS, q=" ".join(words), limit=limit, cursor=cursor)
    _page(found, as_json, "No song has these words.")


@app.command("show")
def show_song(song: Song, as_json: JSON = False) -> None:
    """Show a song."""
    with open_door() as client:
        _show(find_song(client, song), as_json)


@app.command()
def edit(
    song: Song,
    *,
    title: Annotated[str | None, typer.Option(help="Another title.", show_default=False)] = None,
    artist: Annotated[str | None, typer.Option(help="Another artist.", show_default=False)] = None,
    album: Annotated[str | None, typer.Option(help="Another album.", show_default=False)] = None,
    as_json: JSON = False,
) -> None:
    """Give a song another title, artist or album."""
    named = (("title", title), ("artist", artist), ("album", album))
    change = {name: text for name, text in named if text is not None}
    if not change:
        raise errors.ValidationError("Say what to change: --title, --artist or --album.")
    with open_door() as client:
        found = find_song(client, song)
        _show(client.ask("PATCH", f"{ADDRESS}/{found['id']}", json=change), as_json)


@app.command()
def delete(song: Song, yes: Yes = False, as_json: JSON = False) -> None:
    """Delete a song with its file, stems and lyrics."""
    with open_door() as client:
        found = find_song(client, song)
        if not yes and not as_json:
            typer.confirm(f"Delete {found['artist']} - {found['title']} with its file?", abort=True, err=True)
        client.ask("DELETE", f"{ADDRESS}/{found['id']}")
    show.deleted([found["id"]], "song", as_json)


def find_song(client: Client, given: str) -> dict[str, Any]:
    """The song with that id, or the only one with these words."""
    if _is_id(given):
        return client.ask("GET", f"{ADDRESS}/{quote(given, safe='')}")
    found = client.ask("GET", ADDRESS, q=given, limit=SOME)["items"] if given.strip() else []
    if not found:
        raise errors.NotFound(f"There is no song {given[:100]!r}; `tenuto songs list` names those there are.")
    if len(found) > 1:
        some = "; ".join(f"{song['artist']} - {song['title']} ({song['id']})" for song in found)
        raise errors.ValidationError(f"Several songs have these words; use an id: {some}.")
    song: dict[str, Any] = found[0]
    return song


def is_address(text: str) -> bool:
    """Whether this is an address and not a path."""
    return text.lower().startswith(("http://", "https://"))


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise errors.NotFound(f"{path} cannot be read: {error.strerror}.") from error


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _page(found: dict[str, Any], as_json: bool, nothing: str) -> None:
    cells = [
        (song["id"], song["artist"], song["title"], show.length(song["duration_ms"]), _lyrics(song), _job(song))
        for song in found["items"]
    ]
    headers = ("song", "artist", "title", "length", "lyrics", "latest job")
    show.page(Page(found["items"], found["next_cursor"]), as_json, headers, cells, nothing)


def _lyrics(song: dict[str, Any]) -> str:
    lyrics = song["lyrics"]
    return "" if lyrics is None else "timed" if lyrics["synced"] else "plain"


def _job(song: dict[str, Any]) -> str:
    return f"{song['job']['kind']} {song['job']['status']}" if song["job"] else ""


def _show(song: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(song)
        return
    stems = song["separation"]
    show.details(
        [
            ("song", song["id"]),
            *((name, song[name]) for name in ("title", "artist", "album", "source", "youtube_id", "local_path")),
            ("file", song["file_id"]),
            ("length", show.length(song["duration_ms"])),
            ("size", show.size(song["size_bytes"])),
            ("tempo", song["tempo_bpm"] and f"{song['tempo_bpm']:.1f} BPM"),
            ("key", song["music_key"]),
            ("loudness", "" if song["loudness_lufs"] is None else f"{song['loudness_lufs']:.1f} LUFS"),
            ("stems", stems and f"{stems.get('method', '')} by {stems.get('engine', '')}"),
            ("lyrics", _lyrics(song)),
            ("cover", song["cover_url"]),
            ("latest job", song["job"] and f"{_job(song)} ({song['job']['id']})"),
            ("added", show.moment(song["created_at"])),
        ]
    )
