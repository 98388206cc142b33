"""`tenuto webhooks`: addresses that are called when something becomes of a job."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Cursor, Limit
from tenuto.client import Page

app = typer.Typer(help="Have addresses called about jobs.", no_args_is_help=True, rich_markup_mode=None)
Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Id of the webhook.", show_default=False)]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", help="Event to tell of, such as job.completed; may be given again. None: how jobs end."),
]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to call.", show_default=False)],
    event: Events = None,
    as_json: JSON = False,
) -> None:
    """Add an address; its secret is shown this once."""
    with open_door() as client:
        found = client.ask("POST", "/api/webhooks", json={"url": url, "events": event or []})
    _tell_secret(found, as_json)


@app.command("list")
def list_webhooks(limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List webhooks, newest first."""
    with open_door() as client:
        found = client.ask("GET", "/api/webhooks", limit=limit, cursor=cursor)
    cells = [(item["id"], item["url"], ", ".join(item["events"]) or "ends", _state(item)) for item in found["items"]]
    page = Page(found["items"], found["next_cursor"])
    show.page(page, as_json, ("webhook", "url", "events", "state"), cells, "There are no webhooks.")


@app.command("show")
def show_webhook(webhook: Webhook, as_json: JSON = False) -> None:
    """Show one webhook."""
    with open_door() as client:
        _show(client.ask("GET", _address(webhook)), as_json)


@app.command()
def edit(
    webhook: Webhook,
    url: Annotated[str, typer.Option(help="Where to call from now on.")] = "",
    event: Events = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.", show_default=False)] = None,
    as_json: JSON = False,
) -> None:
    """Change address or events, or switch it on or off."""
    given = {"url": url or None, "events": event or None, "is_active": on}
    with open_door() as client:
        change = {name: value for name, value in given.items() if value is not None}
        _show(client.ask("PATCH", _address(webhook), json=change), as_json)


@app.command()
def rotate(
    webhook: Webhook,
    keep_old_hours: Annotated[float, typer.Option(help="For how long the old secret signs as well.")] = 24,
    as_json: JSON = False,
) -> None:
    """Give it another secret, which is shown this once."""
    with open_door() as client:
        found = client.ask("POST", _address(webhook, "rotate"), json={"keep_old_hours": keep_old_hours})
    _tell_secret(found, as_json)


@app.command()
def delete(webhook: Webhook, as_json: JSON = False) -> None:
    """Remove a webhook and all that was to be sent to it."""
    with open_door() as client:
        client.ask("DELETE", _address(webhook))
    if as_json:
        show.document({"deleted": [webhook]})
    else:
        show.note(f"Deleted webhook {webhook}.")


@app.command("test")
def send_test(webhook: Webhook, as_json: JSON = False) -> None:
    """Have a worker send it an event that says nothing."""
    with open_door() as client:
        found = client.ask("POST", _address(webhook, "test"))
    if as_json:
        show.document(found)
    else:
        show.note(f"A worker will send it; `tenuto webhooks deliveries {webhook}` shows what became of it.")


@app.command()
def deliveries(webhook: Webhook, limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List what was or will be sent to it, newest first."""
    with open_door() as client:
        found = client.ask("GET", _address(webhook, "deliveries"), limit=limit, cursor=cursor)
    cells = [
        (item["id"], item["event"], item["status"], item["attempts"], show.moment(item["created_at"]), item["error"])
        for item in found["items"]
    ]
    headers = ("delivery", "event", "status", "attempts", "since", "problem")
    page = Page(found["items"], found["next_cursor"])
    show.page(page, as_json, headers, cells, "Nothing was sent to it yet.")


@app.command()
def retry(
    webhook: Webhook,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Id of the delivery.", show_default=False)],
    as_json: JSON = False,
) -> None:
    """Send a delivery again."""
    with open_door() as client:
        found = client.ask("POST", _address(webhook, "deliveries", delivery, "retry"))
    if as_json:
        show.document(found)
    else:
        show.note("A worker will send it again.")


def _address(*parts: str) -> str:
    """A path; what a person typed may hold anything."""
    safe = ["-" if part in ("", ".", "..") else quote(part, safe="") for part in parts]
    return "/".join(["/api/webhooks", *safe])


def _tell_secret(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(found)
        return
    show.details([("webhook", found["id"]), ("url", found["url"]), ("secret", found["secret"])])
    show.note("Keep the secret where the receiver can read it; it is not shown again.")


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(found)
        return
    show.details(
        [
            ("webhook", found["id"]),
            ("url", found["url"]),
            ("events", ", ".join(found["events"]) or "job.completed, job.failed, job.cancelled"),
            ("state", _state(found)),
            ("why", found["disabled_reason"]),
            ("rests until", show.moment(found["paused_until"])),
            ("old secret until", show.moment(found["old_secret_until"])),
            ("created", show.moment(found["created_at"])),
        ]
    )


def _state(item: dict[str, Any]) -> str:
    if not item["is_active"]:
        return "off"
    return f"failing ({item['failures']} in a row)" if item["failures"] else "on"
