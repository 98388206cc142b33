"""Bytes and the rows that point at them: bytes first, then the row; to delete, the row first."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tenuto import errors
from tenuto.db.work import EVERYONE, Database, UnitOfWork
from tenuto.storage.base import StorageService

logger = logging.getLogger(__name__)
PIECE = 1 << 20


@dataclass(frozen=True)
class Content:
    """Bytes that lie in the store under a name made of themselves."""

    storage_key: str
    sha256: str
    size_bytes: int


def key_of(sha256: str) -> str:
    """Where bytes with this hash lie."""
    return f"content/{sha256[:2]}/{sha256}"


def measure(path: Path) -> Content:
    """Hash a local file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return Content(key_of(digest.hexdigest()), digest.hexdigest(), size)


class ContentStore:
    """Content-addressed bytes, shared by all rows that hold the same."""

    def __init__(self, database: Database, storage: StorageService) -> None:
        self.database, self.storage = database, storage

    def keep(self, path: Path, known: Content | None = None) -> Content:
        """Take a local file over into the store."""
        content = known or measure(path)
        self.storage.adopt(path, content.storage_key)
        return content

    def keep_bytes(self, data: bytes) -> Content:
        """Store a small result."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.storage.put(key_of(sha256), data)
        return Content(key_of(sha256), sha256, len(data))

    def claim(self, work: UnitOfWork, content: Content) -> None:
        """Before a row is written: from here on to the end of the transaction nobody removes these bytes."""
        work.files.lock_content(content.storage_key)
        if not self.storage.exists(content.storage_key):
            raise errors.StorageError("The same bytes were being deleted at this moment; please try again.")

    def release(self, keys: Iterable[str]) -> int:
        """Remove bytes no row points at any more; return how many were freed."""
        freed = 0
        for key in set(keys):
            with self.database.unit_of_work(EVERYONE) as work:
                freed += self._remove_unused(work, key)
        return freed

    def would_free(self, keys: Iterable[str]) -> int:
        """How many bytes would go with rows that point at these keys, one for each time a key is named."""
        freed = 0
        for key, rows in Counter(keys).items():
            with self.database.reading(EVERYONE) as work:
                is_last = work.files.count_pointing_at(key) <= rows
            if is_last and self.storage.exists(key):
                freed += self.storage.stat(key).size_bytes
        return freed

    def _remove_unused(self, work: UnitOfWork, key: str) -> int:
        work.files.lock_content(key)
        if work.files.content_in_use(key):
            return 0
        try:
            size = self.storage.stat(key).size_bytes
        except errors.NotFound:
            return 0
        self.storage.delete(key)
        logger.info("Bytes were removed.", extra={"action": "content_removed", "key": key, "bytes": size})
        return size
