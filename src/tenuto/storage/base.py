"""Where bytes live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class StoredObject:
    """One object in the store."""

    key: str
    size_bytes: int
    modified_at: float  # seconds since 1970


class StorageService(Protocol):
    """Bytes under keys.

    A key is one to four parts of `[a-z0-9._-]` joined by `/`, made by tenuto and never from a user's words; anything
    else raises `errors.ValidationError`. Once `adopt` or `put` returns, the bytes survive a power cut. A missing key
    raises `errors.NotFound`, a store that does not answer `errors.StorageError`, a full disk `errors.StorageFull`.
    """

    url: str

    def spool_dir(self) -> Path:
        """Folder for files on their way in: on the store's own file system where there is one."""
        ...

    def adopt(self, source: Path, key: str) -> None:
        """Take a finished file over under `key`; `source` is gone afterwards. Replaces what was there."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Store a small object."""
        ...

    def fetch(self, key: str, into: Path) -> Path:
        """Make the object readable as a local file in folder `into`; a link where that is free. Never written to."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the start."""
        ...

    def read_range(self, key: str, start: int, length: int) -> Iterator[bytes]:
        """Yield `length` bytes from `start` in pieces of at most 1 MB."""
        ...

    def stat(self, key: str) -> StoredObject:
        """Size and time of one object."""
        ...

    def exists(self, key: str) -> bool:
        """Whether the key is there."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; a missing one is fine."""
        ...

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects under a prefix, in any order."""
        ...

    def free_bytes(self) -> int | None:
        """Room left, None where there is no such number."""
        ...

    def check(self) -> str:
        """Write, read and delete a small object; return one sentence, or raise."""
        ...
