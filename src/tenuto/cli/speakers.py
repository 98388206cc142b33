"""`tenuto transcripts speakers`: the voices of a transcript, how much each said and how fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON

HEADERS = ("speaker", "name", "speech", "share", "turns", "words", "words/min")


def speakers(
    transcript: Annotated[str, typer.Argument(metavar="TRANSCRIPT", help="Id of it.", show_default=False)],
    as_json: JSON = False,
) -> None:
    """List who speaks, how much and how fast, and how that was found out."""
    with open_door() as client:
        found = client.ask("GET", f"/api/transcripts/{transcript}/speakers")
        details = client.ask("GET", f"/api/transcripts/{transcript}")["details"].get("speakers", {})
    if as_json:
        show.document({**found, "details": details})
        return
    if not found["items"]:
        show.note("Nobody told the speakers of this transcript apart.")
        return
    show.table(HEADERS, cells_of(found["items"]))
    told = {name: value for name, value in details.items() if name not in ("note", "recognised")}
    show.note(", ".join(f"{name} {value}" for name, value in told.items() if value is not None))
    if "note" in details:
        show.note(details["note"])


def cells_of(items: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """A row for each speaker."""
    return [
        (
            item["label"],
            item["display_name"],
            show.length(item["speech_ms"]),
            f"{item['share']:.0%}",
            item["turns"],
            item["words"],
            round(item["words_per_minute"]),
        )
        for item in items
    ]
