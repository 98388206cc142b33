"""`tenuto config`: the settings, where each came from, and what there is to set."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import typer

from tenuto.cli import show
from tenuto.cli.options import JSON

if TYPE_CHECKING:
    from tenuto.settings import Settings

app = typer.Typer(help="Look at the settings.", no_args_is_help=True, rich_markup_mode=None)
MASK = "********"
HOME = "${HOME}/.local/share/tenuto"


@app.command("show")
def show_config(as_json: JSON = False) -> None:
    """Show each setting, its value and where it came from; secrets are masked."""
    from tenuto import settings

    found = settings.load()
    rows = [
        {"name": settings.variable(name), "value": _shown(getattr(found, name)), "from": _origin(name, found)}
        for name in type(found).model_fields
    ]
    if as_json:
        show.document({"items": rows})
    else:
        cells = [(row["name"], _text(row["value"]), row["from"]) for row in rows]
        show.table(("setting", "value", "from"), cells)


@app.command()
def check(as_json: JSON = False) -> None:
    """Check that every setting can be used; names the one that cannot."""
    from tenuto import settings, verify

    found = settings.load()
    verify.verify(found, serving=True)
    unknown = verify.warnings()
    names = [settings.variable(name) for name in type(found).model_fields if _origin(name, found) != "default"]
    if as_json:
        show.document({"ok": True, "set": names, "warnings": unknown})
    else:
        for warning in unknown:
            show.note(warning)
        print(f"All settings can be used; {len(names)} of them are not the default.")


@app.command()
def example(as_json: JSON = False) -> None:
    """Print a `.env` with every setting, its help and its default."""
    _print(env_example(), as_json=as_json)


@app.command()
def docs(as_json: JSON = False) -> None:
    """Print the page about the settings."""
    _print(settings_page(), as_json=as_json)


def _print(text: str, *, as_json: bool) -> None:
    if as_json:
        show.document({"items": [{"names": names, "default": value, "help": text} for names, value, text in _fields()]})
    else:
        print(text, end="")


def env_example() -> str:
    """Every setting as a comment to uncomment."""
    lines = ["# The settings of tenuto. Copy this file to .env and uncomment what you change.", ""]
    for names, default, text in _fields():
        also = f" (also {', '.join(names[1:])})" if names[1:] else ""
        lines += [f"# {text}{also}", f"#{names[0]}={default}", ""]
    return "\n".join(lines)


def settings_page() -> str:
    """Every setting as a table."""
    lines = [
        "# Settings",
        "",
        "Settings come from the environment and from a file `.env` in the current folder; the environment wins.",
        "`tenuto config show` prints each value and where it came from, `tenuto config check` names one that cannot be",
        "used.",
        "",
        "| Variable | Also | Default | What it is |",
        "|---|---|---|---|",
    ]
    for names, default, text in _fields():
        also = ", ".join(f"`{name}`" for name in names[1:])
        cells = [f"`{names[0]}`", also, f"`{default}`" if default else "", text.replace("|", "\\|")]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "`POSTGRES_USER`, `POSTGRES_PASSWORD`, `POSTGRES_HOST`, `POSTGRES_PORT` and `POSTGRES_DB` together stand for a",
        "PostgreSQL URL when no `TENUTO_DATABASE_URL` is given.",
        "",
        "The command line reads two more variables: with `TENUTO_URL` set, commands talk to the server at that address",
        "(with `TENUTO_API_KEY` as the key); with `TENUTO_DEBUG=1`, errors come with their traceback.",
        "",
    ]
    return "\n".join(lines)


def masked_url(text: str) -> str:
    """A URL without its password; what might belong to one is hidden too."""
    text = re.sub(r"(://[^/@:]*):.*@", rf"\1:{MASK}@", text)
    return re.sub(r"(?i)(password=)[^&]*", rf"\1{MASK}", text)


def _fields() -> list[tuple[list[str], str, str]]:
    """(names, default, help) of every setting."""
    from tenuto.settings import Settings

    found = []
    for name, field in Settings.model_fields.items():
        alias: Any = field.validation_alias
        names = list(dict.fromkeys(str(choice) for choice in alias.choices))
        default = HOME if name == "data_dir" else _text(_plain(field.default))
        found.append((names, default, field.description or ""))
    return found


def _plain(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def _shown(value: Any) -> Any:
    if hasattr(value, "get_secret_value"):
        return MASK if value.get_secret_value() else ""
    value = show.plain(value)
    return masked_url(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, list | dict | bool) else str(value)


def _origin(name: str, found: Settings) -> str:
    from tenuto.settings import origin

    where = origin(name)
    from_parts = name == "database_url" and where == "default" and found.database_url
    return "POSTGRES_HOST and its siblings" if from_parts else where
