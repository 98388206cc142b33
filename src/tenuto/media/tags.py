"""The child's side of reading what a file says of its song: title, artist, album, and the picture on its cover.

mutagen reads it where the extra `tags` is installed; otherwise there is what FFmpeg tells, which brings no picture.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenuto.domain.songs import Tags, clean_name
from tenuto.media.opening import Opened

LARGEST_COVER_BYTES = 5 << 20
FRONT = 3  # the kind of a picture that shows the front cover, in ID3 and in FLAC alike
PICTURES = (
    (b"\xff\xd8\xff", 0, b"", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, b"", "image/png"),
    (b"RIFF", 8, b"WEBP", "image/webp"),
)
# What the field is called in ID3, in MP4 and in Vorbis comments.
FIELDS = {
    "title": ("TIT2", "\xa9nam", "title"),
    "artist": ("TPE1", "\xa9ART", "artist", "TPE2", "aART", "albumartist"),
    "album": ("TALB", "\xa9alb", "album"),
}
# What FFmpeg calls the same in all containers, and is about the music rather than about the file.
KEPT = (
    *("title", "artist", "album", "album_artist", "composer", "genre"),
    *("date", "track", "disc", "comment", "copyright", "bpm", "key"),
)
SAME_TAGS = {"tbpm": "bpm", "tmpo": "bpm", "tkey": "key", "initialkey": "key"}
LONGEST_TAG = 1000
# What a damaged or hostile tag makes a reader written in Python raise. The recording itself may well be sound.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, EOFError, struct.error, MemoryError)


def read_tags(opened: Opened, source: Path, cover: Path) -> Tags:
    """What the file says; its picture is written to `cover` when it is one that browsers show."""
    plain = _by_container({**opened.container.metadata, **opened.stream.metadata})
    try:
        import mutagen  # noqa: PLC0415 - an extra
    except ImportError:
        return plain
    try:
        with source.open("rb") as file:
            found = mutagen.File(file)
        fields = {name: _first(found, keys) for name, keys in FIELDS.items()} if found else {}
        picture = _cover(found) if found else None
    except (mutagen.MutagenError, *UNREADABLE):
        return plain
    if picture is not None:
        cover.write_bytes(picture[1])
    known = {name: text or getattr(plain, name) for name, text in fields.items()}
    return replace(plain, **known, cover_type=picture[0] if picture else "")


def picture_type(data: bytes) -> str:
    """What kind of picture this is, by its first bytes; empty for anything that browsers do not show as one."""
    for magic, position, more, media_type in PICTURES:
        if data.startswith(magic) and data.startswith(more, position):
            return media_type
    return ""


def _by_container(metadata: Mapping[str, str]) -> Tags:
    known = {key.lower(): value for key, value in metadata.items()}
    artist = known.get("artist") or known.get("album_artist") or ""
    return Tags(clean_name(known.get("title", "")), clean_name(artist), clean_name(known.get("album", "")))


def _first(found: Any, keys: Iterable[str]) -> str:
    """The first of the fields that says anything."""
    for key in keys:
        try:
            value = found.get(key)
        except (KeyError, ValueError):  # Vorbis comments refuse names that are not ASCII.
            continue
        texts = getattr(value, "text", value)
        for text in texts if isinstance(texts, list | tuple) else [texts]:
            if text is not None and (name := clean_name(str(text))):
                return name
    return ""


def _cover(found: Any) -> tuple[str, bytes] | None:
    """The front cover, else the first picture there is; its bytes say what it is, not its tag."""
    pictures = [(kind, bytes(data)) for kind, data in _pictures(found)]
    for _, data in sorted(pictures, key=lambda picture: picture[0] != FRONT):
        if len(data) <= LARGEST_COVER_BYTES and (media_type := picture_type(data)):
            return media_type, data
    return None


def _pictures(found: Any) -> Iterator[tuple[int, bytes]]:
    for picture in getattr(found, "pictures", ()):
        yield picture.type, picture.data
    tags = found.tags if found.tags is not None else {}
    for frame in tags.getall("APIC") if hasattr(tags, "getall") else ():
        yield frame.type, frame.data
    if hasattr(tags, "getall"):
        return
    for data in tags.get("covr", ()) if "covr" in tags else ():
        yield FRONT, data
    for coded in tags.get("metadata_block_picture", ()) if "metadata_block_picture" in tags else ():
        from mutagen.flac import Picture  # noqa: PLC0415 - an extra

        coded_picture: Any = Picture(base64.b64decode(coded))  # type: ignore[no-untyped-call]
        yield coded_picture.type, coded_picture.data


def kept_tags(opened: Opened) -> dict[str, str]:
    """What a file says of itself that a copy of it should say too."""
    found = {key.lower(): value for key, value in {**opened.container.metadata, **opened.stream.metadata}.items()}
    known = {SAME_TAGS.get(name, name): value for name, value in found.items()}
    shown = {name: "".join(sign for sign in known.get(name, "") if sign.isprintable()).strip() for name in KEPT}
    return {name: text[:LONGEST_TAG] for name, text in shown.items() if text}
