"""`tenuto usage`: what was used and what it cost."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Cursor, Limit

WAYS = {"engine": "engine", "day": "day", "job": "job", "user": "owner", "owner": "owner"}


def usage(
    *,
    by: Annotated[str, typer.Option(help="engine, day, job or user.")] = "engine",
    first: Annotated[str, typer.Option("--from", help="First day, as 2026-01-31; this month's first without it.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day; today without it.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all of it as CSV.")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: JSON = False,
) -> None:
    """Show what was used and what it cost, in UTC days."""
    if by not in WAYS:
        raise errors.ValidationError(f"--by {by}: usage is summed by engine, day, job or user.")
    wanted: dict[str, Any] = {"by": WAYS[by], "from": first, "to": last}
    with open_door() as client:
        if as_csv:
            print(client.download("/api/usage", csv="true", **wanted).decode("utf-8-sig"), end="")
            return
        found = client.ask("GET", "/api/usage", limit=limit, cursor=cursor, **wanted)
    if as_json:
        show.document(found)
        return
    if not found["items"]:
        show.note(f"Nothing was used from {found['from']} to {found['to']}.")
        return
    cells = [_cells(item, found["currency"]) for item in found["items"]]
    show.table((by, "model", "calls", "sound", "characters", "cost"), cells)
    if found["next_cursor"]:
        show.note(f"There are more: --cursor {found['next_cursor']}")


def _cells(item: dict[str, Any], currency: str) -> tuple[Any, ...]:
    sound = show.length(item["audio_seconds"] * show.SECOND_MS)
    cost = show.money(item["cost"], currency) or "0"
    return item["key"], item["model"], item["calls"], sound, item["characters"] or "", cost
