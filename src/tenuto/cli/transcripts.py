"""`tenuto transcripts`: what was said."""

from __future__ import annotations

from typing import Annotated

import typer

from tenuto.cli import editing, show
from tenuto.cli.backend import open_backend
from tenuto.cli.options import JSON, Cursor, Limit

app = typer.Typer(help="Look at transcripts and edit them.", no_args_is_help=True, rich_markup_mode=None)

for name, function in editing.COMMANDS.items():
    app.command(name)(function)


@app.command("list")
def list_transcripts(limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List transcripts, newest first."""
    with open_backend() as backend:
        page = backend.transcripts(limit=limit, cursor=cursor or None)
    cells = [
        (row.id, row.job_id, row.title, row.language or "", show.length(row.duration_ms), row.word_count, row.engine)
        for row in page.items
    ]
    headers = ("transcript", "job", "title", "language", "length", "words", "engine")
    show.page(page, as_json, headers, cells, "There are no transcripts. Make one with `tenuto transcribe FILE`.")


@app.command("show")
def show_transcript(
    transcript: Annotated[str, typer.Argument(metavar="TRANSCRIPT", help="Id of it.", show_default=False)],
    numbers: Annotated[bool, typer.Option("--numbers", help="Show the segments' numbers, for edits.")] = False,
    as_json: JSON = False,
) -> None:
    """Show a transcript with its times."""
    with open_backend() as backend:
        found, segments = backend.transcript(transcript), list(backend.segments(transcript))
    if as_json:
        show.document({**show.plain(found), "segments": segments})
        return
    show.note(f"{found.title}: {show.length(found.duration_ms)}, {found.word_count} words, heard by {found.engine}")
    for segment in segments:
        speaker = f"{segment.speaker}: " if segment.speaker else ""
        number = f"{segment.position:>5}  " if numbers else ""
        print(f"{number}{show.length(segment.start_ms):>8}  {show.clean(speaker + segment.text)}")
