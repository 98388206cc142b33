"""`tenuto budget`: how much may be spent."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Cursor, Limit

app = typer.Typer(help="Limit what may be spent.", no_args_is_help=True, rich_markup_mode=None)
ADDRESS = "/api/budgets"


@app.command("set")
def set_budget(
    limit: Annotated[str, typer.Argument(metavar="AMOUNT", help="As 20 or 0.5, in TENUTO_CURRENCY.")],
    *,
    period: Annotated[str, typer.Option(help="day, month (in UTC) or total.")] = "month",
    engine: Annotated[str, typer.Option(help="Only this engine; all together without it.")] = "",
    as_json: JSON = False,
) -> None:
    """Set a budget, or change the one of that period and engine."""
    with open_door() as client:
        found = client.ask("PUT", ADDRESS, json={"period": period, "limit": limit, "engine": engine})
    _show([found], as_json=as_json, document=found)


@app.command("list")
def list_budgets(limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List budgets, what is spent of them and what is left."""
    with open_door() as client:
        found = client.ask("GET", ADDRESS, limit=limit, cursor=cursor)
    if not found["items"] and not as_json:
        show.note("There are no budgets: nothing is limited. Set one with `tenuto budget set AMOUNT`.")
        return
    _show(found["items"], as_json=as_json, document=found)
    if found["next_cursor"] and not as_json:
        show.note(f"There are more: --cursor {found['next_cursor']}")


@app.command("delete")
def delete_budgets(
    budgets: Annotated[list[str], typer.Argument(metavar="BUDGET...", help="Ids of budgets.", show_default=False)],
    as_json: JSON = False,
) -> None:
    """Remove budgets; nothing is limited by them any more."""
    with open_door() as client:
        for budget in budgets:
            client.ask("DELETE", f"{ADDRESS}/{quote(budget, safe='') or '-'}")
    if as_json:
        show.document({"deleted": budgets})
    else:
        show.note(f"Deleted {len(budgets)} budget(s).")


def _show(items: list[dict[str, Any]], *, as_json: bool, document: Any) -> None:
    if as_json:
        show.document(document)
        return
    amounts = ("limit", "spent", "reserved", "left")
    cells = [
        (
            item["id"],
            item["period"],
            item["engine"] or "all",
            *(show.money(item[name], item["currency"]) or "0" for name in amounts),
            item["begins_anew"] or "never",
        )
        for item in items
    ]
    show.table(("budget", "period", "engine", *amounts, "begins anew"), cells)
