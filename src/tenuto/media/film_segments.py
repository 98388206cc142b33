"""Encoded packets in files of their own, found again by the name of what went into them."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAGIC = b"tenuto film segment 1\n"
END = b"end\n"
HEAD = struct.Struct(">IB")
PART = ".part"
"""How files end that are not written to their end yet."""


@dataclass(frozen=True)
class Coded:
    """A packet without a place in time."""

    data: bytes
    is_key: bool


@dataclass(frozen=True)
class Segment:
    """A file of packets that were encoded together."""

    path: Path

    @property
    def is_whole(self) -> bool:
        """Whether it is there, to its last packet."""
        with suppress(OSError), self.path.open("rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                file.seek(-len(END), 2)
                return file.read() == END
        return False

    def write(self, packets: Iterable[Coded]) -> None:
        """Write all packets; whoever looks meanwhile sees nothing."""
        part = self.path.with_name(self.path.name + PART)
        with part.open("wb") as file:
            file.write(MAGIC)
            for packet in packets:
                file.write(HEAD.pack(len(packet.data), packet.is_key))
                file.write(packet.data)
            file.write(END)
        part.replace(self.path)

    def read(self) -> Iterator[Coded]:
        """Its packets."""
        left = self.path.stat().st_size - len(MAGIC) - len(END)
        with self.path.open("rb") as file:
            file.seek(len(MAGIC))
            while left > 0:
                size, is_key = HEAD.unpack(file.read(HEAD.size))
                left -= HEAD.size + size
                yield Coded(file.read(size), bool(is_key))


def segment(folder: Path, kind: str, told: Any) -> Segment:
    """The file for what `told`, plain values, says in full."""
    name = hashlib.sha256(json.dumps([kind, told], sort_keys=True).encode()).hexdigest()
    return Segment(folder / f"{kind}-{name[:40]}")
