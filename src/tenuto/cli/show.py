"""How things are printed: tables a person reads, JSON a program reads."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

SECOND_MS, MINUTE, HOUR = 1000, 60, 3600


def plain(value: Any) -> Any:
    """The value as JSON knows it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, PurePath) else value


def document(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(plain(value), ensure_ascii=False, indent=2))


def json_line(value: Any) -> None:
    """Print one line of a stream of JSON."""
    print(json.dumps(plain(value), ensure_ascii=False), flush=True)


def page(rows: Any, as_json: bool, headers: Sequence[str], cells: Sequence[Sequence[Any]], nothing: str) -> None:
    """Print a page of a list, and how to get the next one."""
    if as_json:
        document({"items": rows.items, "next_cursor": rows.next_cursor})
        return
    if not cells:
        note(nothing)
        return
    table(headers, cells)
    if rows.next_cursor:
        note(f"There are more: --cursor {rows.next_cursor}")


def deleted(uids: Sequence[str], noun: str, as_json: bool) -> None:
    """Say what is gone."""
    if as_json:
        document({"deleted": uids})
    else:
        note(f"Deleted {len(uids)} {noun}(s).")


def understood(made: Mapping[str, Any]) -> str:
    """What was understood of a prompt, and in which words."""
    return ", ".join(f"{what} ({said})" for what, said in (made.get("understood") or {}).items())


def table(headers: Sequence[str], cells: Sequence[Sequence[Any]]) -> None:
    """Print columns, aligned."""
    rows = [[name.upper() for name in headers], *([clean(str(cell)) for cell in row] for row in cells)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headers))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def details(pairs: Sequence[tuple[str, Any]]) -> None:
    """Print names and values, one a line; what is empty is left out."""
    shown = [(name, clean(str(value))) for name, value in pairs if value not in (None, "", [], {})]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        print(f"{name.ljust(width)}  {value}")


def note(text: str) -> None:
    """Say something beside the result."""
    print(clean(text), file=sys.stderr, flush=True)


def clean(text: str) -> str:
    """Text from elsewhere cannot steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def size(count: int) -> str:
    """Bytes as people say them."""
    amount, units = float(count), ["bytes", "KB", "MB", "GB", "TB"]
    while amount >= 1024 and len(units) > 1:  # noqa: PLR2004 - bytes in a kilobyte
        amount, units = amount / 1024, units[1:]
    return f"{amount:.0f} {units[0]}" if units[0] == "bytes" else f"{amount:.1f} {units[0]}"


def length(milliseconds: float) -> str:
    """A duration as a clock shows it."""
    seconds = round(milliseconds / SECOND_MS)
    hours, rest = divmod(seconds, HOUR)
    return f"{hours}:{rest // MINUTE:02}:{rest % MINUTE:02}" if hours else f"{rest // MINUTE}:{rest % MINUTE:02}"


def money(amount: float, currency: str) -> str:
    """An amount with at least its cents; nothing where it costs nothing."""
    return f"{amount:.6f}".rstrip("0").ljust(len(f"{amount:.2f}"), "0") + f" {currency}" if amount else ""


def moment(text: str | None) -> str:
    """A moment on this machine's clock."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S") if text else ""
