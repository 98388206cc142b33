"""`tenuto songs lyrics`: the words of a song."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Output
from tenuto.cli.output import print_bytes, write_whole
from tenuto.client import Client

app = typer.Typer(help="Show, bring, move and export lyrics.", no_args_is_help=True, rich_markup_mode=None)

Song = Annotated[str, typer.Argument(metavar="SONG", help="Id of the song, or words only it has.", show_default=False)]
Form = Annotated[str, typer.Option("--format", help="plain, lrc, elrc, ultrastar, json; auto tells it from the text.")]


@app.command("show")
def show_lyrics(song: Song, as_json: JSON = False) -> None:
    """Show the lyrics of a song, with the times of lines."""
    with open_door() as client:
        found = client.ask("GET", _address(client, song))
    if as_json:
        show.document(found)
        return
    for line in found["lines"]:
        at = "" if line["start_ms"] is None else show.length(line["start_ms"] + found["offset_ms"])
        print(f"{at:>7}  {show.clean(line['text'])}".rstrip())
    if found["doubtful"]:
        show.note(f"The times of {found['doubtful']} lines are doubtful.")


@app.command("set")
def set_lyrics(
    song: Song,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The lyrics; - is standard input.", show_default=False)],
    form: Form = "auto",
    as_json: JSON = False,
) -> None:
    """Give a song these lyrics; plain text keeps the times of lines that stay."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise errors.NotFound(f"{file} cannot be read: {error.strerror}.") from error
    with open_door() as client:
        found = client.send(f"{_address(client, song)}?format={form}", data, "text/plain")
    _tell(found, as_json)


@app.command()
def offset(
    song: Song,
    milliseconds: Annotated[int, typer.Argument(metavar="MS", help="Later by so much; after -- also earlier.")],
    as_json: JSON = False,
) -> None:
    """Show all lines so much later than their times, or earlier: `offset SONG -- -300`."""
    with open_door() as client:
        found = client.ask("PATCH", _address(client, song), json={"offset_ms": milliseconds})
    _tell(found, as_json)


@app.command()
def export(
    song: Song,
    form: Annotated[str, typer.Option("--format", help="plain, lrc, elrc, ultrastar, ass or json.")] = "lrc",
    output: Output = None,
    as_json: JSON = False,
) -> None:
    """Write the lyrics as a file."""
    with open_door() as client:
        data = client.download(f"{_address(client, song)}/{form}")
    if output is None or str(output) == "-":
        if as_json:
            show.document({"format": form, "text": data.decode()})
        else:
            print_bytes(data)
        return
    try:
        write_whole(output, data)
    except OSError as error:
        raise errors.ValidationError(f"{output} cannot be written: {error.strerror}.") from error
    if as_json:
        show.document({"format": form, "path": str(output)})
    else:
        show.note(f"Wrote {output}.")


def _address(client: Client, song: str) -> str:
    from tenuto.cli.songs import find_song

    return f"/api/songs/{find_song(client, song)['id']}/lyrics"


def _tell(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(found)
        return
    sung = [line for line in found["lines"] if line["text"]]
    timed = sum(line["start_ms"] is not None for line in sung)
    show.note(f"{len(sung)} lines, {timed} of them timed, moved by {found['offset_ms']} ms.")
