"""`tenuto generations`: the ledger of generated music. `tenuto prompts`: what it was asked for with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Cursor, Limit
from tenuto.cli.removing import delete_each
from tenuto.client.shapes import Page
from tenuto.domain.music import SURE

app = typer.Typer(help="Look at generated music.", no_args_is_help=True, rich_markup_mode=None)
prompts_app = typer.Typer(
    help="Look at prompts and how often they were used.", no_args_is_help=True, rich_markup_mode=None
)
ADDRESS = "/api/generations"
LONGEST = 60

Generation = Annotated[str, typer.Argument(metavar="GENERATION", help="Id of the piece.", show_default=False)]
Generations = Annotated[list[str], typer.Argument(metavar="GENERATION...", help="Ids of pieces.", show_default=False)]

Prompts = Annotated[list[str], typer.Argument(metavar="PROMPT...", help="Ids of prompts.", show_default=False)]


@app.command("list")
def list_generations(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]...", help="Words of the prompt; the last may be begun.")
    ] = None,
    *,
    status: Annotated[
        str, typer.Option(help="Only uploaded (held), queued, processing, completed, failed, cancelled ones.")
    ] = "",
    engine: Annotated[str, typer.Option(help="Only by this engine.")] = "",
    bpm_from: Annotated[float | None, typer.Option(help="Measured tempo, at least.", min=1, max=1000)] = None,
    bpm_to: Annotated[float | None, typer.Option(help="Measured tempo, at most.", min=1, max=1000)] = None,
    key: Annotated[str, typer.Option(help="Measured key, such as 'F# minor'.")] = "",
    like: Annotated[str, typer.Option(metavar="GENERATION", help="Only what was to be like this piece.")] = "",
    prompt_id: Annotated[str, typer.Option(metavar="PROMPT", help="Only by this prompt.")] = "",
    since: Annotated[str, typer.Option(metavar="MOMENT", help="Only since then: 2026-01-31, or with 18:30.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: JSON = False,
) -> None:
    """List generated music, newest first."""
    wanted = {"status": status, "engine": engine, "bpm_from": bpm_from, "bpm_to": bpm_to, "key": key, "like": like}
    wanted |= {"prompt_id": prompt_id, "since": _moment(since)}
    with open_door() as client:
        found = client.ask("GET", ADDRESS, q=" ".join(words or ()), limit=limit, cursor=cursor, **wanted)
    cells = [
        (
            item["id"],
            item["status"],
            _length(item),
            _tempo(item),
            _key(item),
            _seed(item),
            _shortened(item["prompt"]),
        )
        for item in found["items"]
    ]
    headers = ("generation", "status", "length", "bpm", "key", "seed", "prompt")
    nothing = "There is no such music. Have some composed with `tenuto compose PROMPT`."
    show.page(Page(found["items"], found["next_cursor"]), as_json, headers, cells, nothing)


@app.command("show")
def show_generation(generation: Generation, as_json: JSON = False) -> None:
    """Show a piece: what was asked for, what was meant, what is heard."""
    with open_door() as client:
        item = client.ask("GET", _address(generation))
    if as_json:
        show.document(item)
        return
    show.details(
        [
            ("generation", item["id"]),
            ("prompt", item["prompt"]),
            ("understood", show.understood(item["details"] or {})),
            ("status", item["status"]),
            ("error", item["job"]["error"] and item["job"]["error"]["message"]),
            ("warnings", "; ".join(item["job"]["warnings"])),
            ("engine", " ".join(part for part in (item["engine"], item["model"]) if part)),
            ("licence", item["licence"]),
            ("seed", _seed(item)),
            ("take", item["take"]),
            ("like", item["parent_id"]),
            ("length", _length(item)),
            ("format", " ".join(str(part) for part in (item["format"], item["sample_rate"]) if part)),
            ("size", item["size_bytes"] and show.size(item["size_bytes"])),
            *(
                (name, ", ".join(part for part in (_tempo(item, name), _key(item, name)) if part))
                for name in ("requested", "composed", "measured")
            ),
            ("loudness", "" if item["loudness_lufs"] is None else f"{item['loudness_lufs']:.1f} LUFS"),
            ("took", item["generation_ms"] and show.length(item["generation_ms"])),
            ("music", item["music_url"]),
            ("job", item["job"]["id"]),
            ("asked for", show.moment(item["created_at"])),
        ]
    )


@app.command()
def delete(generations: Generations, as_json: JSON = False) -> None:
    """Remove pieces that are finished, with their jobs and files; one that cannot be removed keeps no other."""
    with open_door() as client:
        delete_each(generations, lambda each: client.ask("DELETE", _address(each)), "generation", as_json)


@prompts_app.command("list")
def list_prompts(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]...", help="Words they hold; the last may be begun.")
    ] = None,
    *,
    order: Annotated[str, typer.Option(help="newest, or used for those that were used most.")] = "newest",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: JSON = False,
) -> None:
    """List prompts, and how often each was used."""
    with open_door() as client:
        found = client.ask("GET", "/api/prompts", q=" ".join(words or ()), order=order, limit=limit, cursor=cursor)
    cells = [
        (item["id"], item["used_count"], show.moment(item["last_used_at"]), _shortened(item["text"]))
        for item in found["items"]
    ]
    headers = ("prompt", "used", "last", "text")
    show.page(Page(found["items"], found["next_cursor"]), as_json, headers, cells, "There is no such prompt.")


@prompts_app.command("delete")
def delete_prompts(prompts: Prompts, as_json: JSON = False) -> None:
    """Forget prompts of which no music is there, with how often they were used."""
    with open_door() as client:
        delete_each(prompts, lambda each: client.ask("DELETE", _prompt_address(each)), "prompt", as_json)


def _address(generation: str) -> str:
    return f"{ADDRESS}/{quote(generation, safe='') or '-'}"


def _prompt_address(prompt: str) -> str:
    return f"/api/prompts/{quote(prompt, safe='') or '-'}"


def _length(item: dict[str, Any]) -> str:
    return show.length(1000 * item["seconds"]) if item["seconds"] else ""


def _tempo(item: dict[str, Any], which: str = "measured") -> str:
    return f"{item[f'{which}_bpm']:.4g} BPM{_doubt(item, which, 'tempo')}" if item[f"{which}_bpm"] else ""


def _key(item: dict[str, Any], which: str = "measured") -> str:
    return f"{item[f'{which}_key']}{_doubt(item, which, 'key')}" if item[f"{which}_key"] else ""


def _doubt(item: dict[str, Any], which: str, what: str) -> str:
    """What is said beside a measurement that may well be wrong."""
    measured = item["details"].get("measured", {}) if which == "measured" else {}
    return " (unsure)" if measured.get(f"{what}_confidence", SURE) < SURE else ""


def _moment(text: str) -> str:
    """A moment with its zone: that of this machine, where none is named."""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat() if text else ""
    except (ValueError, OverflowError) as error:
        message = f"--since {text[:40]}: a moment is a date such as 2026-01-31, or a date and a time."
        raise errors.ValidationError(message) from error


def _seed(item: dict[str, Any]) -> str:
    return "" if item["seed"] is None else str(item["seed"])


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
