"""Lexicons as CSV: written so that no spreadsheet takes a rule for a formula, read as spreadsheets write it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from tenuto import errors
from tenuto.domain.lexicons import KINDS, Rule, check_rule
from tenuto.domain.text_files import decode_text

COLUMNS = ("pattern", "replacement", "kind", "match_case", "is_active")
NAMES = {"from": "pattern", "wrong": "pattern", "to": "replacement", "right": "replacement", "active": "is_active"}
YES, NO = ("true", "yes", "1", "x", "y"), ("false", "no", "0", "n")
DELIMITERS = ",;\t"
MAX_ROWS = 20_000
# What starts a formula, also where a program that parts cells at semicolons would begin one. An apostrophe before it
# makes it text; one that is there already gets another, so that reading takes back exactly what writing added.
_RISKY = re.compile(r"""(^|[;"])(\s*)(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_DEFUSED = re.compile(r"""(^|[;"])(\s*)'(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])""")


def write(rules: Sequence[Rule]) -> bytes:
    """The rules as a table with a head."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for rule in rules:
        flags = (str(rule.match_case).lower(), str(rule.is_active).lower())
        writer.writerow((_defuse(rule.pattern), _defuse(rule.replacement), rule.kind, *flags))
    return table.getvalue().encode("utf-8-sig")


def read(data: bytes) -> list[Rule]:
    """The rules of a table, with or without a head; what is wrong is named by its line and column."""
    text = _decode(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    columns: Sequence[str] = COLUMNS
    rules: list[Rule] = []
    try:
        for number, row in enumerate(reader):
            if number == 0 and (head := _head(row)):
                columns = head
            elif any(cell.strip() for cell in row):
                rules.append(_rule(columns, row, reader.line_num))
            if number > MAX_ROWS:
                raise errors.ValidationError(f"The table has more than {MAX_ROWS} lines.")
    except csv.Error as error:
        raise errors.ValidationError(f"Line {reader.line_num}: this is not CSV ({error}).") from None
    return rules


def _defuse(text: str) -> str:
    return _RISKY.sub(r"\1\2'", text)


def _restore(text: str) -> str:
    return _DEFUSED.sub(r"\1\2", text)


def _decode(data: bytes) -> str:
    """Text as spreadsheets save it: UTF-8, or UTF-16 with its mark."""
    try:
        return decode_text(data)
    except UnicodeDecodeError:
        raise errors.ValidationError("The table is not UTF-8; save it as 'CSV UTF-8'.") from None


def _delimiter(text: str) -> str:
    """The sign that parts cells, outside quotes, in the first line that holds any."""
    for line in text.splitlines()[:100]:
        bare = re.sub(r'"(?:[^"]|"")*"', "", line)
        counts = {sign: bare.count(sign) for sign in DELIMITERS}
        if any(counts.values()):
            return max(counts, key=lambda sign: counts[sign])
    return ","


def _head(row: Sequence[str]) -> list[str] | None:
    """The columns in the order that the first line names, or None when it is a rule."""
    names = [cell.strip().lower() for cell in row]
    names = [NAMES.get(name, name) for name in names]
    if names[:1] != ["pattern"] and not {"pattern", "replacement"} <= set(names):
        return None
    for needed in ("pattern", "replacement"):
        if names.count(needed) != 1:
            raise errors.ValidationError(f"Line 1: the table needs one column {needed!r}.")
    unknown = next((name for name in names if name and (name not in COLUMNS or names.count(name) > 1)), None)
    if unknown is not None:
        raise errors.ValidationError(
            f"Line 1: column {unknown[:40]!r} is unknown or there twice; use {', '.join(COLUMNS)}."
        )
    return names


def _rule(columns: Sequence[str], row: Sequence[str], line: int) -> Rule:
    if len(row) > len(columns) and any(row[len(columns) :]):
        raise errors.ValidationError(f"Line {line}: it has {len(row)} cells, and the table has {len(columns)} columns.")
    cells = dict(zip(columns, row, strict=False))
    if "replacement" not in cells:
        raise errors.ValidationError(f"Line {line}: replacement: the cell is missing.")
    try:
        rule = Rule(
            _restore(cells["pattern"]),
            _restore(cells["replacement"]),
            cells.get("kind", "").strip().lower() or next(iter(KINDS)),
            match_case=_flag("match_case", cells.get("match_case", ""), default=False),
            is_active=_flag("is_active", cells.get("is_active", ""), default=True),
        )
        check_rule(rule)
    except errors.ValidationError as error:
        raise errors.ValidationError(f"Line {line}: {error.message}", line=line) from None
    return rule


def _flag(name: str, text: str, *, default: bool) -> bool:
    word = text.strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    if word:
        raise errors.ValidationError(f"{name}: {text[:40]!r} is neither true nor false.")
    return default
