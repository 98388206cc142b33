"""Songs: where they come from, and the words they are found by."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath


class SongSource(StrEnum):
    """Where a song came from."""

    YOUTUBE = "youtube"
    UPLOAD = "upload"
    LOCAL = "local"  # a folder of the server


def folded(text: str) -> str:
    """A text as searches compare it: without case, without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


def terms(text: str) -> list[str]:
    """The words of a text, folded, each once, in order."""
    cleaned = "".join(sign if _is_of_word(sign) else " " for sign in folded(text).replace("'", ""))
    return list(dict.fromkeys(word for word in cleaned.split() if any(map(str.isalnum, word))))


def _is_of_word(sign: str) -> bool:
    # The vowels of Hindi and Thai are marks, and no letters by themselves.
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


MAX_NAME = 300
MAX_TERM = 100
YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{1,20}")
# Marks that turn the direction of writing and so can make a name look like another one.
TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
VISIBLE = "LNPS"  # categories of letters, numbers, punctuation and symbols
TRACK_NUMBER = re.compile(r"\d{1,3}(\.| -|_) *")
DASH = re.compile(r" +[-\u2013\u2014] +")


@dataclass(frozen=True)
class Tags:
    """What a file says of its song."""

    title: str = ""
    artist: str = ""
    album: str = ""
    cover_type: str = ""  # of the picture that was found, image/jpeg and the like


def clean_name(text: str) -> str:
    """A title or a name as it is kept: one line, no signs that steer a screen, not longer than a name is.

    It is empty when nothing of it can be seen.
    """
    text = unicodedata.normalize("NFC", text[: 16 * MAX_NAME].translate(TURNING))
    kept = (" " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in text)
    name = " ".join("".join(kept).split())[:MAX_NAME].strip()
    return name if any(unicodedata.category(sign)[0] in VISIBLE for sign in name) else ""


def names_in(file_name: str) -> Tags:
    """What the name of a file says: "Artist - Title", with or without a track's number before it."""
    stem = PurePath(file_name).stem if "." in file_name else file_name
    numbered = TRACK_NUMBER.match(stem)
    if numbered and DASH.search(stem[numbered.end() :]):
        stem = stem[numbered.end() :]
    parts = DASH.split(stem, maxsplit=1)
    artist, title = parts if len(parts) > 1 else ("", "")
    return Tags(title=clean_name(title), artist=clean_name(artist))
