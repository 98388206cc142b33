"""Which keys there are, and what a fetched object is called."""

from __future__ import annotations

import re
from pathlib import Path

from tenuto import errors

MAX_PARTS = 4

_PART = re.compile(r"[a-z0-9._-]{1,128}")
_PREFIX = re.compile(r"[a-z0-9._/-]{0,600}")


def is_key(key: str) -> bool:
    """Whether `key` is one to four parts of `[a-z0-9._-]`, none of them `.` or `..`."""
    parts = key.split("/")
    return len(parts) <= MAX_PARTS and all(_PART.fullmatch(part) and part not in {".", ".."} for part in parts)


def split_key(key: str) -> tuple[list[str], str]:
    """Return the folders and the name that make up a key; refuse what is none."""
    if not is_key(key):
        raise errors.ValidationError(
            f"{key!r} is no storage key: use one to {MAX_PARTS} parts of a-z, 0-9, '.', '_' and '-', joined by '/'."
        )
    *folders, name = key.split("/")
    return folders, name


def check_prefix(prefix: str) -> None:
    """Refuse what no key can begin with."""
    if not _PREFIX.fullmatch(prefix) or prefix.startswith("/") or "//" in prefix:
        raise errors.ValidationError(f"{prefix!r} is no beginning of a storage key.")


def check_range(start: int, length: int) -> None:
    """Refuse a range that lies before the start or has less than no bytes."""
    if start < 0 or length < 0:
        raise errors.ValidationError(f"There is no range of {length} bytes from byte {start}.")


def fetched_path(key: str, into: Path) -> Path:
    """Where in `into` a fetched object lies; no two keys share a place, as no key holds a `+`."""
    split_key(key)
    return into / key.replace("/", "+")
