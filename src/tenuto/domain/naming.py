"""What files that tenuto makes are called, so that every system keeps them and people find them again."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import PurePosixPath

LONGEST_SLUG = 60
NAMELESS = "music"
# Devices of Windows, with whatever ending.
RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
# Letters that Unicode does not take apart.
PLAIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"})


def slug(text: str) -> str:
    """The words of a text in lower-case ASCII with hyphens between them; empty when it has no such letters."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(PLAIN)).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.casefold().replace("'", ""))
    found = ""
    for word in words:
        longer = f"{found}-{word}" if found else word
        if len(longer) > LONGEST_SLUG:
            return found or word[:LONGEST_SLUG]
        found = longer
    return found


def file_name(title: str, ending: str, *, seed: int | None = None, part: str = "") -> str:
    """What a file is called: slow-jazz-in-d-minor-1234-drums.flac."""
    words = slug(title) or NAMELESS
    if RESERVED.fullmatch(words):
        words = f"{NAMELESS}-{words}"
    stem = "-".join(piece for piece in (words, "" if seed is None else str(seed), slug(part)) if piece)
    return f"{stem}.{slug(ending)}"


def dated_folder(day: date) -> PurePosixPath:
    """The folder of a day: 2026/11/21."""
    return PurePosixPath(day.isoformat().replace("-", "/"))
