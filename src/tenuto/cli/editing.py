"""`tenuto transcripts …`: changes of a transcript; each can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Cursor, Limit
from tenuto.client.shapes import Page

Transcript = Annotated[str, typer.Argument(metavar="TRANSCRIPT", help="Id of it.", show_default=False)]
Position = Annotated[int, typer.Argument(help="The segment's number, as `show --numbers` tells.", min=0)]
Positions = Annotated[list[int], typer.Argument(help="Numbers of segments, as `show --numbers` tells.", min=0)]
Speaker = Annotated[str, typer.Argument(help="Label or name of a speaker.", show_default=False)]
Revision = Annotated[int, typer.Option(help="Refuse when the transcript is no longer at this revision.", min=-1)]


def edit(transcript: Transcript, position: Position, text: str, revision: Revision = -1, as_json: JSON = False) -> None:
    """Correct the text of a segment; words that stay keep their times."""
    _change("PATCH", transcript, f"segments/{position}", {"text": text}, revision, as_json=as_json)


def split(
    transcript: Transcript,
    position: Position,
    *,
    word: Annotated[int, typer.Option(help="Cut before the word of this number, from 0.", min=-1)] = -1,
    character: Annotated[int, typer.Option(help="Cut before the character of this number.", min=-1)] = -1,
    revision: Revision = -1,
    as_json: JSON = False,
) -> None:
    """Cut a segment in two."""
    if (word < 0) == (character < 0):
        raise errors.ValidationError("Say where to cut: give either --word or --character.")
    where = {"word": word} if word >= 0 else {"character": character}
    _change("POST", transcript, f"segments/{position}/split", where, revision, as_json=as_json)


def merge(
    transcript: Transcript,
    position: Position,
    count: Annotated[int, typer.Option(help="How many segments become one.", min=2)] = 2,
    revision: Revision = -1,
    as_json: JSON = False,
) -> None:
    """Make one segment of several that follow each other."""
    _change("POST", transcript, f"segments/{position}/merge", {"count": count}, revision, as_json=as_json)


def delete_segment(transcript: Transcript, position: Position, revision: Revision = -1, as_json: JSON = False) -> None:
    """Take a segment out."""
    _change("DELETE", transcript, f"segments/{position}", None, revision, as_json=as_json)


def assign(
    transcript: Transcript, speaker: Speaker, positions: Positions, revision: Revision = -1, as_json: JSON = False
) -> None:
    """Say who speaks in some segments; a label nobody has makes a new speaker."""
    wish = {"speaker": speaker, "positions": positions}
    _change("POST", transcript, "speakers/assign", wish, revision, as_json=as_json)


def rename_speaker(
    transcript: Transcript,
    speaker: Speaker,
    name: Annotated[str, typer.Argument(help="The name to show.", show_default=False)],
    revision: Revision = -1,
    as_json: JSON = False,
) -> None:
    """Give a speaker a name."""
    with open_door() as client:
        label = _label(client.ask("GET", f"{_address(transcript)}/speakers")["items"], speaker)
    wish = {"display_name": name}
    _change("PATCH", transcript, f"speakers/{label}", wish, revision, as_json=as_json)


def merge_speakers(
    transcript: Transcript,
    source: Speaker,
    target: Annotated[str, typer.Argument(help="Who says all of it from now on.", show_default=False)],
    revision: Revision = -1,
    as_json: JSON = False,
) -> None:
    """Two of the speakers are one."""
    wish = {"source": source, "target": target}
    _change("POST", transcript, "speakers/merge", wish, revision, as_json=as_json)


def split_speaker(
    transcript: Transcript, speaker: Speaker, positions: Positions, revision: Revision = -1, as_json: JSON = False
) -> None:
    """Some segments of a speaker are said by somebody new."""
    wish = {"speaker": speaker, "positions": positions}
    _change("POST", transcript, "speakers/split", wish, revision, as_json=as_json)


def undo(transcript: Transcript, revision: Revision = -1, as_json: JSON = False) -> None:
    """Take the last change back."""
    _change("POST", transcript, "undo", {}, revision, as_json=as_json)


def redo(transcript: Transcript, revision: Revision = -1, as_json: JSON = False) -> None:
    """Make the change again that was taken back last."""
    _change("POST", transcript, "redo", {}, revision, as_json=as_json)


def history(transcript: Transcript, limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List what was done to a transcript, newest first."""
    with open_door() as client:
        found = client.ask("GET", f"{_address(transcript)}/history", limit=limit, cursor=cursor)
    page = Page(found["items"], found["next_cursor"])
    cells = [
        (item["number"], show.moment(item["created_at"]), item["kind"], item["actor"], _state(item), item["summary"])
        for item in page.items
    ]
    headers = ("number", "when", "kind", "who", "", "what")
    show.page(page, as_json, headers, cells, "Nobody changed this transcript yet.")


def realign(
    transcript: Transcript,
    every_word: Annotated[bool, typer.Option("--every-word", help="Time words anew that were heard, too.")] = False,
    as_json: JSON = False,
) -> None:
    """Find out from the sound when words are said whose times are guessed, after edits for instance."""
    from tenuto.cli.backend import open_backend
    from tenuto.cli.failure import FAILED, tell
    from tenuto.cli.follow import follow, reporter_for

    with open_door() as client:
        begun = client.ask("POST", f"{_address(transcript)}/realign", json={"every_word": every_word})
    with open_backend() as backend:
        job = follow(backend, [begun["id"]], reporter_for(as_json=as_json))[0]
    for warning in job.warnings:
        show.note(warning)
    if as_json:
        show.document(job)
    if job.error is not None:
        tell(errors.from_code(job.error.code, job.error.message))
    if job.status != "completed":
        raise typer.Exit(FAILED)


COMMANDS: dict[str, Callable[..., None]] = {
    "edit": edit,
    "split": split,
    "merge": merge,
    "delete-segment": delete_segment,
    "assign": assign,
    "rename-speaker": rename_speaker,
    "merge-speakers": merge_speakers,
    "split-speaker": split_speaker,
    "history": history,
    "undo": undo,
    "redo": redo,
    "realign": realign,
}


def _address(transcript: str) -> str:
    from urllib.parse import quote

    return f"/api/transcripts/{quote(transcript, safe='') or '-'}"


def _change(
    method: str, transcript: str, what: str, wish: dict[str, Any] | None, revision: int, *, as_json: bool
) -> None:
    address = _address(transcript)
    with open_door() as client:
        at = revision if revision >= 0 else client.ask("GET", address)["revision"]
        if wish is None:
            done = client.ask(method, f"{address}/{what}", revision=at)
        else:
            done = client.ask(method, f"{address}/{what}", json={**wish, "revision": at})
    if as_json:
        show.document(done)
        return
    for hunk in done["hunks"]:
        for sign, segments in (("-", hunk["before"]), ("+", hunk["after"])):
            for segment in segments:
                print(f"{sign} {segment['position']:>5}  {_line(segment)}")
    told = done["edit"]["summary"] if done["edit"] else "nothing changed"
    show.note(f"{told}; the transcript is at revision {done['revision']}")


def _line(segment: dict[str, Any]) -> str:
    speaker = f"{segment['speaker']}: " if segment["speaker"] else ""
    return f"{show.length(segment['start_ms'])}  {show.clean(speaker + segment['text'])}"


def _state(item: dict[str, Any]) -> str:
    return "undone" if item["undone"] else ""


def _label(speakers: list[dict[str, Any]], name: str) -> str:
    from urllib.parse import quote

    called = [speaker["label"] for speaker in speakers if name in (speaker["label"], speaker["display_name"])]
    return quote(called[0] if len(called) == 1 else name, safe="")
