"""`tenuto known-voices`: voices that have names."""

from __future__ import annotations

from typing import Annotated

import typer

from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Cursor, Limit

PATH = "/api/known-voices"
Voice = Annotated[str, typer.Argument(metavar="VOICE", help="Id of it.", show_default=False)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The person's name.", show_default=False)]

app = typer.Typer(help="Remember voices by name.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_voices(limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List known voices, newest first."""
    with open_door() as client:
        found = client.ask("GET", PATH, limit=limit, cursor=cursor or None)
    if as_json:
        show.document(found)
        return
    if not found["items"]:
        show.note("No voice is known. Remember one with `tenuto known-voices remember TRANSCRIPT SPEAKER NAME`.")
        return
    rows = [
        (row["id"], row["name"], row["recordings"], show.length(row["speech_ms"]), row["model"])
        for row in found["items"]
    ]
    show.table(("voice", "name", "recordings", "speech", "model"), rows)
    if found["next_cursor"]:
        show.note(f"There are more: --cursor {found['next_cursor']}")


@app.command("remember")
def remember(
    transcript: Annotated[str, typer.Argument(metavar="TRANSCRIPT", help="Id of it.", show_default=False)],
    speaker: Annotated[str, typer.Argument(metavar="SPEAKER", help="Label, such as S1.", show_default=False)],
    name: Name,
    as_json: JSON = False,
) -> None:
    """Give the voice of a speaker a name."""
    body = {"transcript_id": transcript, "speaker": speaker, "name": name}
    with open_door() as client:
        found = client.ask("POST", PATH, json=body)
    if as_json:
        show.document(found)
        return
    print(f"{found['id']}  {show.clean(found['name'])}, known from {found['recordings']} recording(s)")


@app.command("rename")
def rename(voice: Voice, name: Name, as_json: JSON = False) -> None:
    """Give a known voice another name."""
    with open_door() as client:
        found = client.ask("PATCH", f"{PATH}/{voice}", json={"name": name})
    if as_json:
        show.document(found)
        return
    print(f"{found['id']}  {show.clean(found['name'])}")


@app.command("delete")
def delete(voice: Voice, as_json: JSON = False) -> None:
    """Forget what a voice sounds like, in transcripts too; names that are shown stay."""
    with open_door() as client:
        found = client.ask("DELETE", f"{PATH}/{voice}")
    if as_json:
        show.document(found)
        return
    print(f"Forgotten, also for {found['speakers']} speaker(s) in transcripts.")
