"""`tenuto voices`: voices that narrate, each by a sample of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Cursor, Limit
from tenuto.cli.output import check_folder, print_bytes, write_fetched
from tenuto.client import Client
from tenuto.client.shapes import Page

PATH = "/api/voices"
MANY = 1000
Voice = Annotated[str, typer.Argument(metavar="VOICE", help="Name or id of it.", show_default=False)]
Consent = Annotated[
    str, typer.Option(help="What whoever speaks has agreed to, and how you know; kept.", show_default=False)
]
ConsentDate = Annotated[str, typer.Option(help="When that was, such as 2026-03-01; today if not given.")]

app = typer.Typer(help="Keep voices that narrate, by samples of them.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(
    sample: Annotated[Path, typer.Argument(metavar="SAMPLE", help="A recording, 300 s at most.", show_default=False)],
    *,
    consent: Consent,
    name: Annotated[str, typer.Option(help="What the voice is called; the file's name if not given.")] = "",
    consent_date: ConsentDate = "",
    as_json: JSON = False,
) -> None:
    """Keep a sample of a voice together with the consent of whoever speaks."""
    with open_door() as client:
        found = add_voice(client, sample, name=name, consent=consent, consent_date=consent_date)
    if as_json:
        show.document(found)
        return
    print(f"{found['id']}  {show.clean(found['name'])}, {show.length(found['duration_ms'])}")


@app.command("list")
def list_voices(limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List voices, newest first."""
    with open_door() as client:
        found = client.ask("GET", PATH, limit=limit, cursor=cursor or None)
    rows = [
        (row["id"], row["name"], show.length(row["duration_ms"]), f"{row['sample_rate']} Hz", _state(row))
        for row in found["items"]
    ]
    nothing = "There is no voice. Add one with `tenuto voices add SAMPLE.wav --consent TEXT`."
    headers = ("voice", "name", "length", "rate", "state")
    show.page(Page(found["items"], found["next_cursor"]), as_json, headers, rows, nothing)


@app.command("show")
def show_voice(voice: Voice, as_json: JSON = False) -> None:
    """Show a voice with the consent it came with."""
    with open_door() as client:
        found = find_voice(client, voice)
    if as_json:
        show.document(found)
        return
    show.details(
        [
            ("voice", found["id"]),
            ("name", found["name"]),
            ("state", _state(found)),
            ("sample", f"{show.length(found['duration_ms'])}, {found['sample_rate']} Hz, {found['source_name']}"),
            ("size", show.size(found["size_bytes"])),
            ("distances", found["distances"]),
            ("consent", found["consent"]),
            ("consent of", show.moment(found["consent_at"])),
            ("added", show.moment(found["created_at"])),
        ]
    )


@app.command()
def sample(
    voice: Voice,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; NAME.wav if not given.")] = None,
    as_json: JSON = False,
) -> None:
    """Write the sample of a voice to a file."""
    check_folder(output)
    with open_door() as client:
        found = find_voice(client, voice)
        if output == Path("-"):
            print_bytes(client.download(found["sample_url"]))
            return
        wanted = output or Path(f"{found['name'].replace('/', '_')}.wav")
        path = write_fetched(wanted, lambda file: client.fetch(found["sample_url"], file), beside=output is None)
    if as_json:
        show.document({"voice": found["id"], "path": str(path)})
    else:
        show.note(f"Wrote {path}")


@app.command()
def delete(voice: Voice, as_json: JSON = False) -> None:
    """Delete a voice with its sample; refused while a presentation is spoken by it."""
    with open_door() as client:
        found = find_voice(client, voice)
        client.ask("DELETE", f"{PATH}/{found['id']}")
    show.deleted([found["id"]], "voice", as_json)


def add_voice(client: Client, sample: Path, *, name: str, consent: str, consent_date: str = "") -> dict[str, Any]:
    """Upload a sample and keep it as a voice; the upload itself is gone afterwards."""
    file = client.upload(sample)
    today = datetime.now().astimezone().date().isoformat()
    given = {"name": name or sample.stem, "consent": consent, "consent_at": consent_date or today}
    try:
        return client.ask("POST", PATH, json={"file_id": file.id, **given})
    finally:
        client.delete_file(file.id)


def find_voice(client: Client, given: str) -> dict[str, Any]:
    """The voice with that id or that name."""
    cursor = None
    while True:
        page = client.ask("GET", PATH, limit=MANY, cursor=cursor)
        for voice in page["items"]:
            if given in (voice["id"], voice["name"]):
                return dict(voice)
        cursor = page["next_cursor"]
        if cursor is None:
            raise errors.NotFound(f"There is no voice {given[:100]!r}; `tenuto voices list` names those there are.")


def _state(voice: dict[str, Any]) -> str:
    if not voice["shaped"]:
        return "a sample, not shaped yet"
    return "cloned" if voice["method"] == "voice cloning" else "voice-matched"
