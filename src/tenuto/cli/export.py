"""`tenuto export`: a job's transcript in a format."""

from __future__ import annotations

from typing import Annotated

import typer

from tenuto.cli.backend import open_backend
from tenuto.cli.options import JSON, Output
from tenuto.cli.output import STANDARD_OUTPUT, handed_back, print_bytes, write_whole
from tenuto.cli.show import document, note
from tenuto.services.formats import named_in_a_sentence


def export(
    job: Annotated[str, typer.Argument(help="Id of the job.", show_default=False)],
    format_name: Annotated[str, typer.Option("--format", "-f", help=f"{named_in_a_sentence()}.")] = "txt",
    output: Output = None,
    as_json: JSON = False,
) -> None:
    """Write the transcript of a job as text, subtitles or data."""
    with open_backend() as backend:
        backend.check_format(format_name)
        made = backend.export(job, format_name)
    path = None if output in (None, STANDARD_OUTPUT) else output
    if path is not None:
        path = path / made.filename if path.is_dir() else path
        write_whole(path, made.data)
    if as_json:
        about = {"job": job, "format": format_name, "media_type": made.media_type, "bytes": len(made.data)}
        text = handed_back(made.data) if path is None else {"path": str(path)}
        document({**about, **text})
    elif path is None:
        print_bytes(made.data)
    else:
        note(f"Wrote {path}")
