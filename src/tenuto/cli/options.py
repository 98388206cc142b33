"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tenuto.cli.failure import wants_json
from tenuto.cli.output import place_of


def _remember(value: bool) -> bool:
    """Errors are told as JSON too."""
    wants_json.set(value)
    return value


JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON.", callback=_remember)]
Limit = Annotated[int, typer.Option(help="Rows on a page.", min=1, max=1000)]
Cursor = Annotated[str, typer.Option(help="Where the page starts; the one before tells.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="PATH", parser=place_of, help="Where to write; - is standard output."),
]
Fade = Annotated[float, typer.Option(help="Seconds.", min=0, max=30)]
Trim = Annotated[bool, typer.Option("--trim", help="Take silence away at both ends.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
