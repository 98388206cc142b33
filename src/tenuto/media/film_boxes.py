"""The boxes of an MP4, where FFmpeg writes into them what we do not mean."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

HEAD = struct.Struct(">I4s")
LONG = struct.Struct(">Q")
ENABLED = 1


def switch_off(path: Path, handler: bytes) -> None:
    """Have players leave tracks of a kind, such as `sbtl` for captions, until somebody asks for them.

    FFmpeg switches the first track of each kind on, whatever it is told.
    """
    with path.open("r+b") as file:
        file.seek(0, 2)
        whole = (0, file.tell())
        for movie in _boxes(file, whole, b"moov"):
            for track in _boxes(file, movie, b"trak"):
                if _handler(file, track) == handler:
                    for header in _boxes(file, track, b"tkhd"):
                        _clear(file, header[0] + 3)  # The last of three bytes of flags behind the version.


def _handler(file: BinaryIO, track: tuple[int, int]) -> bytes:
    for media in _boxes(file, track, b"mdia"):
        for handler in _boxes(file, media, b"hdlr"):
            file.seek(handler[0] + 8)
            return file.read(4)
    return b""


def _clear(file: BinaryIO, at: int) -> None:
    file.seek(at)
    flags = file.read(1)[0]
    file.seek(at)
    file.write(bytes([flags & ~ENABLED]))


def _boxes(file: BinaryIO, within: tuple[int, int], name: bytes) -> Iterator[tuple[int, int]]:
    """Where the content of each box of a name begins and ends."""
    at, over = within
    while at < over:
        file.seek(at)
        size, found = HEAD.unpack(file.read(HEAD.size))
        head = HEAD.size
        if size == 1:  # a box beyond 4 GB
            size, head = LONG.unpack(file.read(LONG.size))[0], HEAD.size + LONG.size
        if found == name:
            yield at + head, at + size
        at += max(size, head)
