"""`tenuto presentations`: decks that were narrated, their slides, and videos made anew after edits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.backend import open_backend
from tenuto.cli.door import door_of, open_door
from tenuto.cli.narrate import ADDRESS, Subtitles, VideoFile, Wanted, fetch_video, finish, picture_of, voice_of
from tenuto.cli.options import JSON, Cursor, Limit, Yes
from tenuto.cli.output import check_folder
from tenuto.client import Client
from tenuto.client.shapes import Page

MANY = 1000
app = typer.Typer(
    help="Edit the slides of narrated decks, and film them anew.", no_args_is_help=True, rich_markup_mode=None
)
Which = Annotated[str, typer.Argument(metavar="PRESENTATION", help="Id or title of it.", show_default=False)]
Number = Annotated[int, typer.Argument(metavar="SLIDE", help="Its number in the deck.", min=1, show_default=False)]


@app.command("list")
def list_presentations(limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List presentations, newest first."""
    with open_door() as client:
        found = client.ask("GET", ADDRESS, limit=limit, cursor=cursor or None)
    rows = [
        (row["id"], row["title"], row["slides_count"], show.length(row["video_ms"] or 0), _state(row))
        for row in found["items"]
    ]
    nothing = "There are no presentations. Make one with `tenuto narrate DECK.pptx`."
    headers = ("presentation", "title", "slides", "video", "state")
    show.page(Page(found["items"], found["next_cursor"]), as_json, headers, rows, nothing)


@app.command("show")
def show_presentation(presentation: Which, as_json: JSON = False) -> None:
    """Show a presentation with its slides."""
    with open_door() as client:
        found = find(client, presentation)
    if as_json:
        show.document(found)
        return
    show.details(
        [
            ("presentation", found["id"]),
            ("title", found["title"]),
            ("author", found["author"]),
            ("state", _state(found)),
            ("voice", found["voice_name"] or found["engine"]),
            ("language", found["language"]),
            ("video", found["video_ms"] and show.length(found["video_ms"])),
            ("size", found["video_bytes"] and show.size(found["video_bytes"])),
            ("made in", found["processing_seconds"] and f"{found['processing_seconds']:.1f} s"),
            ("revision", found["revision"]),
            ("latest job", found["job"] and found["job"]["id"]),
        ]
    )
    if not found["slides"]:
        return
    print()
    rows = [
        (slide["number"], _start(slide), slide["title"][:40], slide["notes"][:40], slide["renderer"], _marks(slide))
        for slide in found["slides"]
    ]
    show.table(("slide", "at", "title", "notes", "drawn by", ""), rows)


@app.command()
def edit(
    presentation: Which,
    slide: Number,
    *,
    notes: Annotated[str | None, typer.Option(help="What is said of it.", show_default=False)] = None,
    notes_file: Annotated[Path | None, typer.Option(help="The same from a file.", show_default=False)] = None,
    title: Annotated[str | None, typer.Option(help="The name of its chapter.", show_default=False)] = None,
    language: Annotated[str | None, typer.Option(help="It is spoken in, such as de.", show_default=False)] = None,
    skip: Annotated[bool | None, typer.Option("--skip/--show", help="Leave it out, or take it in.")] = None,
    as_json: JSON = False,
) -> None:
    """Change what is said of a slide; `tenuto presentations render` makes the video anew."""
    if notes_file is not None:
        notes = _text_of(notes_file)
    named = (("notes", notes), ("title", title), ("language", language), ("skipped", skip))
    changes = {name: value for name, value in named if value is not None}
    if not changes:
        raise errors.ValidationError(
            "Say what to change: --notes, --notes-file, --title, --language, --skip or --show."
        )
    with open_door() as client:
        found = find(client, presentation)
        wish = {"revision": found["revision"], **changes}
        edited = client.ask("PATCH", f"{ADDRESS}/{found['id']}/slides/{slide}", json=wish)
    if as_json:
        show.document(edited)
    else:
        show.note(f"Slide {slide} is changed; `tenuto presentations render {found['id']}` makes the video anew.")


@app.command()
def order(
    presentation: Which,
    slides: Annotated[list[int], typer.Argument(metavar="SLIDE...", help="All of them, in the order to show them.")],
    as_json: JSON = False,
) -> None:
    """Put the slides in another order."""
    with open_door() as client:
        found = find(client, presentation)
        wish = {"revision": found["revision"], "order": slides}
        arranged = client.ask("PUT", f"{ADDRESS}/{found['id']}/order", json=wish)
    if as_json:
        show.document(arranged)
    else:
        show.note(f"The order is {' '.join(str(slide['number']) for slide in arranged['slides'])}.")


@app.command()
def render(
    presentation: Which,
    *,
    output: VideoFile = None,
    engine: Annotated[str | None, typer.Option(help="Another engine, or auto.", show_default=False)] = None,
    voice: Annotated[
        str | None, typer.Option(help="Another voice; '' for the engine's usual one.", show_default=False)
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of all slides; '' for each slide's own.", show_default=False)
    ] = None,
    speed: Annotated[float | None, typer.Option(min=0.25, max=4.0, show_default=False)] = None,
    captions: Annotated[str | None, typer.Option(help="soft, burned or none.", show_default=False)] = None,
    crossfade: Annotated[int | None, typer.Option(help="In ms.", min=0, max=2000, show_default=False)] = None,
    size: Annotated[str | None, typer.Option(help="Such as 1280x720.", show_default=False)] = None,
    redraw: Annotated[bool, typer.Option("--redraw", help="Draw the slides anew.")] = False,
    subtitles: Subtitles = False,
    as_json: JSON = False,
) -> None:
    """Make the video anew; what did not change is neither drawn nor spoken nor encoded again.

    Options that are not named stay as they were.
    """
    check_folder(output)
    named = {"engine": engine, "language": language, "speed": speed, "captions": captions, "crossfade_ms": crossfade}
    options = {name: value for name, value in named.items() if value is not None}
    options |= {**({"redraw": True} if redraw else {}), **(picture_of(size) if size is not None else {})}
    with open_backend() as backend, door_of(backend) as client:
        if voice is not None:
            options |= {"voice": "", "voice_id": "", **voice_of(client, voice)}
        found = find(client, presentation)
        begun = client.ask("POST", f"{ADDRESS}/{found['id']}/render", json={"options": options})
        name = f"{Path(found['file_name']).stem}.mp4"
        finish(backend, client, begun, Wanted(output, name, subtitles=subtitles), as_json=as_json)


@app.command()
def video(
    presentation: Which, *, output: VideoFile = None, subtitles: Subtitles = False, as_json: JSON = False
) -> None:
    """Write the video that was made last."""
    check_folder(output)
    with open_backend() as backend, door_of(backend) as client:
        found = find(client, presentation)
        wanted = Wanted(output, f"{Path(found['file_name']).stem}.mp4", subtitles=subtitles)
        outputs = fetch_video(backend, client, found["id"], _maker(client, found), wanted)
    if as_json:
        show.document({"presentation_id": found["id"], "outputs": outputs})


@app.command()
def delete(presentation: Which, yes: Yes = False, as_json: JSON = False) -> None:
    """Delete a presentation with its deck and its video."""
    with open_door() as client:
        found = find(client, presentation)
        if not yes and not as_json:
            typer.confirm(f"Delete {found['title']} with its deck and its video?", abort=True, err=True)
        client.ask("DELETE", f"{ADDRESS}/{found['id']}")
    show.deleted([found["id"]], "presentation", as_json)


def _maker(client: Client, presentation: dict[str, Any]) -> str:
    """The job that made its video: the latest one that was completed."""
    address, cursor = f"{ADDRESS}/{presentation['id']}/jobs", None
    while True:
        page = client.ask("GET", address, limit=MANY, cursor=cursor)
        for job in page["items"]:
            if job["status"] == "completed":
                return str(job["id"])
        cursor = page["next_cursor"]
        if cursor is None:
            raise errors.NotFound(f"{presentation['title'][:60]!r} has no video yet.")


def find(client: Client, given: str) -> dict[str, Any]:
    """The presentation with that id, or the only one with that title."""
    cursor, same = None, []
    while True:
        page = client.ask("GET", ADDRESS, limit=MANY, cursor=cursor)
        same += [row["id"] for row in page["items"] if given in (row["id"], row["title"])]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    if not same:
        raise errors.NotFound(
            f"There is no presentation {given[:100]!r}; `tenuto presentations list` names those there are."
        )
    if len(same) > 1:
        raise errors.ValidationError(f"Several presentations are called so; use an id: {', '.join(same[:6])}.")
    return client.ask("GET", f"{ADDRESS}/{same[0]}")


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise errors.NotFound(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise errors.ValidationError(f"{path} is not text in UTF-8.") from error


def _state(row: dict[str, Any]) -> str:
    if row["status"] == "completed" and row["rendered_revision"] != row["revision"]:
        return "edited since the video was made"
    return f"{row['status']} ({row['stage']})" if row["status"] == "processing" else str(row["status"])


def _start(slide: dict[str, Any]) -> str:
    return "" if slide["start_ms"] is None else show.length(slide["start_ms"])


def _marks(slide: dict[str, Any]) -> str:
    marks = ["hidden"] if slide["hidden"] else []
    marks += ["skipped"] if slide["skipped"] else []
    marks += ["flaws"] if slide["flaws"] else []
    return ", ".join(marks)
