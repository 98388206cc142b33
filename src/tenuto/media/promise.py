"""What a file itself says of its end where FFmpeg does not pass it on, so that a cut file is told from a whole one."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

MOST_CHUNKS = 10_000
# Recorders that cannot go back write a size near the largest one, which promises nothing.
SMALLEST_PLACEHOLDER = {4: 0x7FFF_0000, 8: 1 << 62}
OGG_TAIL_BYTES = 1 << 17  # the longest page is 65 307 bytes
OGG_LAST_PAGE = 4


@dataclass(frozen=True)
class Chunks:
    """How a format lays out its chunks."""

    first_at: int
    name_bytes: int
    size_bytes: int
    order: Literal["little", "big"]
    header_counts: bool  # the size includes name and size
    alignment: int


CHUNKS = {
    "wav": Chunks(12, 4, 4, "little", header_counts=False, alignment=2),
    "w64": Chunks(40, 16, 8, "little", header_counts=True, alignment=8),
    "caf": Chunks(8, 4, 8, "big", header_counts=False, alignment=1),
}


def share_of_data(source: io.RawIOBase, demuxer: str) -> float:
    """How much of the promised sound bytes is there, from 0 to 1; 1 where nothing is promised."""
    chunks = CHUNKS.get(demuxer)
    if chunks is None:
        return 1.0
    position = source.tell()
    start, promised = _find_data(source, chunks)
    size = source.seek(0, io.SEEK_END)
    source.seek(position)
    return min(1.0, (size - start) / promised) if promised > 0 else 1.0


def _find_data(source: io.RawIOBase, chunks: Chunks) -> tuple[int, int]:
    """Where the sound starts, and how many bytes of it are promised; 0 for no promise."""
    position, head = chunks.first_at, chunks.name_bytes + chunks.size_bytes
    for _ in range(MOST_CHUNKS):
        header = (source.read(head) or b"") if source.seek(position) == position else b""
        if len(header) < head:
            break
        size = int.from_bytes(header[chunks.name_bytes :], chunks.order)
        if header[:4] == b"data":
            promised = size - (head if chunks.header_counts else 0)
            return position + head, promised if size < SMALLEST_PLACEHOLDER[chunks.size_bytes] else 0
        size = max(size - (head if chunks.header_counts else 0), 0)
        position += head + -(-size // chunks.alignment) * chunks.alignment
    return 0, 0


def ogg_is_closed(source: io.RawIOBase) -> bool:
    """Whether the last page says that it is the last."""
    position = source.tell()
    size = source.seek(0, io.SEEK_END)
    source.seek(max(0, size - OGG_TAIL_BYTES))
    tail = source.read(OGG_TAIL_BYTES) or b""
    source.seek(position)
    at = tail.rfind(b"OggS")
    return at >= 0 and len(tail) > at + 5 and bool(tail[at + 5] & OGG_LAST_PAGE)
