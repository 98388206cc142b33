"""`tenuto lexicon`: lists of corrections."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import typer

from tenuto import errors
from tenuto.cli import show
from tenuto.cli.door import open_door
from tenuto.cli.options import JSON, Cursor, Limit, Output
from tenuto.client import Client
from tenuto.client.shapes import Page

app = typer.Typer(help="Keep lists of corrections.", no_args_is_help=True, rich_markup_mode=None)
ADDRESS = "/api/lexicons"

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name or id of the lexicon.", show_default=False)]
Table = Annotated[Path, typer.Argument(metavar="FILE", help="A table as CSV; - is standard input.", show_default=False)]
Description = Annotated[str | None, typer.Option(help="What it is for.", show_default=False)]
Language = Annotated[str | None, typer.Option(help="The language it is meant for.", show_default=False)]
Rules = Annotated[
    list[str] | None, typer.Option("--rule", "-r", help="WRONG=RIGHT; may be given several times.", show_default=False)
]
Kind = Annotated[str, typer.Option(help="What --rule means: word, part or regex.")]
MatchCase = Annotated[bool, typer.Option("--match-case", help="The rules of --rule tell capitals apart.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.", show_default=False)],
    *,
    rule: Rules = None,
    kind: Kind = "word",
    match_case: MatchCase = False,
    description: Description = None,
    language: Language = None,
    as_json: JSON = False,
) -> None:
    """Make a lexicon."""
    wish = {"name": name, "rules": _rules(rule, kind, match_case=match_case)}
    with open_door() as client:
        _show(client.ask("POST", ADDRESS, json=wish | _given(description=description, language=language)), as_json)


@app.command("list")
def list_lexicons(limit: Limit = 50, cursor: Cursor = "", as_json: JSON = False) -> None:
    """List lexicons, newest first."""
    with open_door() as client:
        found = client.ask("GET", ADDRESS, limit=limit, cursor=cursor)
    cells = [(item["id"], item["name"], item["rule_count"], item["language"] or "") for item in found["items"]]
    headers = ("lexicon", "name", "rules", "language")
    nothing = "There are no lexicons. Make one with `tenuto lexicon add NAME --rule WRONG=RIGHT`."
    show.page(Page(found["items"], found["next_cursor"]), as_json, headers, cells, nothing)


@app.command("show")
def show_lexicon(name: Name, as_json: JSON = False) -> None:
    """Show a lexicon with its rules."""
    with open_door() as client:
        found = _find(client, name)
        rules = client.ask("GET", f"{ADDRESS}/{found['id']}/rules")["items"]
    if as_json:
        show.document({**found, "rules": rules})
        return
    _show(found, as_json)
    cells = [(item["position"], item["pattern"], item["replacement"], _how(item)) for item in rules]
    if cells:
        show.table(("rule", "pattern", "replacement", "kind"), cells)


@app.command()
def edit(
    name: Name,
    *,
    rule: Rules = None,
    kind: Kind = "word",
    match_case: MatchCase = False,
    rename: Annotated[str | None, typer.Option(help="What to call it from now on.", show_default=False)] = None,
    description: Description = None,
    language: Language = None,
    as_json: JSON = False,
) -> None:
    """Add rules to a lexicon, or give it another name, description or language."""
    change = _given(name=rename, description=description, language=language)
    with open_door() as client:
        found = _find(client, name)
        if rule:
            wish = {"rules": _rules(rule, kind, match_case=match_case)}
            found = client.ask("POST", f"{ADDRESS}/{found['id']}/rules", json=wish)
        if change:
            found = client.ask("PATCH", f"{ADDRESS}/{found['id']}", json=change)
    _show(found, as_json)


@app.command("import")
def import_rules(name: Name, table: Table, as_json: JSON = False) -> None:
    """Put the rules of a table in place of those it has; a lexicon that is not there is made."""
    try:
        data = sys.stdin.buffer.read() if str(table) == "-" else table.read_bytes()
    except OSError as error:
        raise errors.NotFound(f"{table} cannot be read: {error.strerror}.") from error
    with open_door() as client:
        found = _find_or_none(client, name)
        made = found is None
        found = found or client.ask("POST", ADDRESS, json={"name": name})
        address = f"{ADDRESS}/{found['id']}"
        try:
            found = client.send(f"{address}/csv", data, "text/csv")
        except errors.TenutoError:
            if made:
                client.ask("DELETE", address)
            raise
    _show(found, as_json)


@app.command("export")
def export_rules(name: Name, output: Output = None, as_json: JSON = False) -> None:
    """Write the rules as a table that spreadsheets open."""
    with open_door() as client:
        found = _find(client, name)
        data = client.download(f"{ADDRESS}/{found['id']}/csv")
    if output is None or str(output) == "-":
        if as_json:
            show.document({"lexicon": found["id"], "csv": data.decode("utf-8-sig")})
        else:
            sys.stdout.buffer.write(data)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise errors.ValidationError(f"{output} cannot be written: {error.strerror}.") from error
    if as_json:
        show.document({"lexicon": found["id"], "path": str(output), "rules": found["rule_count"]})
    else:
        show.note(f"Wrote {found['rule_count']} rules to {output}.")


@app.command("try")
def try_rules(
    name: Name,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to correct.", show_default=False)],
    as_json: JSON = False,
) -> None:
    """Show what the rules make of a text."""
    with open_door() as client:
        found = client.ask("POST", f"{ADDRESS}/{_find(client, name)['id']}/try", json={"text": text})
    if as_json:
        show.document(found)
        return
    print(show.clean(found["text"]))
    for change in found["changes"]:
        show.note(f"rule {change['rule']}: {change['old']!r} became {change['new']!r}")


@app.command()
def delete(name: Name, as_json: JSON = False) -> None:
    """Remove a lexicon that no unfinished job needs."""
    with open_door() as client:
        found = _find(client, name)
        client.ask("DELETE", f"{ADDRESS}/{found['id']}")
    if as_json:
        show.document({"deleted": [found["id"]]})
    else:
        show.note(f"Deleted lexicon {found['name']}.")


def _find(client: Client, name: str) -> dict[str, Any]:
    found = _find_or_none(client, name)
    if found is None:
        raise errors.NotFound(f"There is no lexicon {name!r}; `tenuto lexicon list` names those there are.")
    return found


def _find_or_none(client: Client, name: str) -> dict[str, Any] | None:
    """The lexicon of that id, or of that name."""
    if _is_id(name):
        return client.ask("GET", f"{ADDRESS}/{quote(name, safe='')}")
    items: list[dict[str, Any]] = client.ask("GET", ADDRESS, name=name.strip())["items"] if name.strip() else []
    return items[0] if items else None


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _rules(pairs: list[str] | None, kind: str, *, match_case: bool) -> list[dict[str, Any]]:
    rules = []
    for pair in pairs or []:
        pattern, sign, replacement = pair.partition("=")
        if not sign:
            raise errors.ValidationError(f"--rule {pair}: write WRONG=RIGHT; tables take patterns with '=' in them.")
        rules.append({"pattern": pattern, "replacement": replacement, "kind": kind, "match_case": match_case})
    return rules


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _how(rule: dict[str, Any]) -> str:
    parts = [rule["kind"], "match case" if rule["match_case"] else "", "" if rule["is_active"] else "off"]
    return ", ".join(part for part in parts if part)


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(found)
        return
    names = (("lexicon", "id"), ("name", "name"), ("rules", "rule_count"), ("language", "language"))
    show.details([(shown, found[key]) for shown, key in (*names, ("description", "description"))])
