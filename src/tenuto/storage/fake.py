"""A store in memory that keeps every promise but the one about power cuts."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tenuto import errors
from tenuto.storage.base import StoredObject
from tenuto.storage.durable import PIECE_BYTES, STORED_MODE, os_errors
from tenuto.storage.keys import check_prefix, check_range, fetched_path, split_key


class FakeStorage:
    """A store for tests; `spool` is a folder for files on their way in."""

    url = "memory:"

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._objects: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    def spool_dir(self) -> Path:
        """Folder for files on their way in."""
        self._spool.mkdir(parents=True, exist_ok=True)
        return self._spool

    def adopt(self, source: Path, key: str) -> None:
        """Take a finished file over under `key`; `source` is gone afterwards."""
        split_key(key)
        if source.is_symlink() or not source.is_file():
            raise errors.NotFound(f"There is no file {source} to store as {key!r}.")
        with os_errors(f"Storing {key!r}"):
            self.put(key, source.read_bytes())
            source.unlink()

    def put(self, key: str, data: bytes) -> None:
        """Store a small object."""
        split_key(key)
        with self._lock:
            self._objects[key] = (bytes(data), time.time())

    def fetch(self, key: str, into: Path) -> Path:
        """Write the object to a file in folder `into`."""
        target = fetched_path(key, into)
        data, _ = self._find(key)
        with os_errors(f"Fetching {key!r} into {into}"):
            into.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(data)
            target.chmod(STORED_MODE)
        return target

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the start."""
        return io.BytesIO(self._find(key)[0])

    def read_range(self, key: str, start: int, length: int) -> Iterator[bytes]:
        """Yield up to `length` bytes from `start`; fewer when the object ends before."""
        check_range(start, length)
        wanted = self._find(key)[0][start : start + length]
        for position in range(0, len(wanted), PIECE_BYTES):
            yield wanted[position : position + PIECE_BYTES]

    def stat(self, key: str) -> StoredObject:
        """Size and time of one object."""
        data, modified_at = self._find(key)
        return StoredObject(key, len(data), modified_at)

    def exists(self, key: str) -> bool:
        """Whether the key is there."""
        split_key(key)
        with self._lock:
            return key in self._objects

    def delete(self, key: str) -> None:
        """Remove the object; a missing one is fine."""
        split_key(key)
        with self._lock:
            self._objects.pop(key, None)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with `prefix`."""
        check_prefix(prefix)
        with self._lock:
            found = [StoredObject(key, len(data), at) for key, (data, at) in self._objects.items()]
        yield from (item for item in found if item.key.startswith(prefix))

    def free_bytes(self) -> int | None:
        """Memory has no number that would mean anything here."""
        return None

    def check(self) -> str:
        """Nothing can be wrong."""
        return "Objects are kept in memory and are gone when the process ends."

    def _find(self, key: str) -> tuple[bytes, float]:
        split_key(key)
        with self._lock:
            if key not in self._objects:
                raise errors.NotFound(f"There is no object {key!r} in the storage.")
            return self._objects[key]
