"""`tenuto files`: the recordings that were brought."""

from __future__ import annotations

from typing import Annotated

import typer

from tenuto.cli import show
from tenuto.cli.backend import open_backend
from tenuto.cli.options import JSON, Cursor, Limit
from tenuto.cli.removing import delete_each

app = typer.Typer(help="Look at recordings, remove them.", no_args_is_help=True, rich_markup_mode=None)
FileId = Annotated[str, typer.Argument(metavar="FILE", help="Id of the file.", show_default=False)]
FileIds = Annotated[list[str], typer.Argument(metavar="FILE...", help="Ids of files.", show_default=False)]


@app.command("list")
def list_files(limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List files, newest first."""
    with open_backend() as backend:
        page = backend.files(limit=limit, cursor=cursor or None)
    cells = [
        (file.id, file.name, show.length(file.duration_ms), show.size(file.size_bytes), show.moment(file.created_at))
        for file in page.items
    ]
    show.page(page, as_json, ("file", "name", "length", "size", "since"), cells, "There are no files.")


@app.command("show")
def show_file(file: FileId, as_json: JSON = False) -> None:
    """Show one file."""
    with open_backend() as backend:
        found = backend.file(file)
    if as_json:
        show.document(found)
        return
    show.details(
        [
            ("file", found.id),
            ("name", found.name),
            ("title", found.title),
            ("length", show.length(found.duration_ms)),
            ("size", show.size(found.size_bytes)),
            ("sound", f"{found.codec} in {found.container}, {found.sample_rate} Hz, {found.channels} channel(s)"),
            ("sha256", found.sha256),
            ("truncated", "yes" if found.truncated else ""),
            ("warnings", " ".join(found.warnings)),
            ("created", show.moment(found.created_at)),
            ("kept until", show.moment(found.expires_at) or "somebody deletes it"),
        ]
    )


@app.command()
def delete(files: FileIds, as_json: JSON = False) -> None:
    """Remove files nobody works on."""
    with open_backend() as backend:
        delete_each(files, backend.delete_file, "file", as_json)
