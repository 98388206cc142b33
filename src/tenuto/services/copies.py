"""CopyService: what is made of a recording to look at or listen to: each thing once, never in the way of uploads."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import BoundedSemaphore, Lock

from tenuto import errors
from tenuto.db.models import ArtifactRow, FileRow
from tenuto.db.work import Database
from tenuto.media.tools import MediaTools
from tenuto.services.content import ContentStore

PATIENCE_SECONDS = 8.0  # how long a request waits; a copy of many hours takes minutes
MOST_WAITING = 8  # requests, each of which holds a thread of the server
MOST_BEING_MADE = 16
RETRY_SECONDS = 10


class CopyService:
    """Playback copies and peaks, made in the background by as many children as `media` has of its own."""

    def __init__(self, database: Database, content: ContentStore, media: MediaTools, *, at_once: int = 1) -> None:
        self.database, self.content, self.media = database, content, media
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="copies")
        self._lock = Lock()
        self._making: dict[tuple[int, str], Future[ArtifactRow]] = {}
        self._patience = BoundedSemaphore(MOST_WAITING)

    def get(self, row: FileRow, kind: str) -> ArtifactRow:
        """The copy of a kind, for a request: soon, or NotReady while it is being made, however many ask."""
        found = self._find(row, kind)
        if found is not None:
            return found
        future = self._begin(row, kind)
        if not future.done() and self._patience.acquire(blocking=False):
            try:
                wait([future], PATIENCE_SECONDS)
            finally:
                self._patience.release()
        if not future.done() or future.cancelled():
            raise _not_ready(f"The {kind} of {row.name!r} is being made, which takes minutes for a long recording.")
        self._forget((row.id, kind))
        return future.result()

    def make(self, row: FileRow, kind: str) -> ArtifactRow:
        """The copy of a kind, for somebody who has the time."""
        return self._find(row, kind) or self._make(row, kind)

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self, row: FileRow, kind: str) -> Future[ArtifactRow]:
        """What makes the copy now, or failed to since somebody asked last."""
        key = (row.id, kind)
        with self._lock:
            if key in self._making:
                return self._making[key]
            self._drop_failed()
            if len(self._making) >= MOST_BEING_MADE:
                raise _not_ready(f"{MOST_BEING_MADE} copies of other recordings are being made before this one.")
            self._making[key] = self._threads.submit(self._kept, key, lambda: self._make(row, kind))
            return self._making[key]

    def _kept(self, key: tuple[int, str], make: Callable[[], ArtifactRow]) -> ArtifactRow:
        made = make()  # An error stays for the next who asks: it would only be met again after the same long time.
        self._forget(key)
        return made

    def _forget(self, key: tuple[int, str]) -> None:
        with self._lock:
            self._making.pop(key, None)

    def _drop_failed(self) -> None:
        """Make room for others by forgetting errors nobody asked for, the oldest first."""
        failed = [key for key, future in self._making.items() if future.done()]
        for key in failed[: max(0, len(self._making) + 1 - MOST_BEING_MADE)]:
            del self._making[key]

    def _find(self, row: FileRow, kind: str) -> ArtifactRow | None:
        with self.database.reading(row.owner_id) as work:
            return work.artifacts.of_file(row.id, kind)

    def _make(self, row: FileRow, kind: str) -> ArtifactRow:
        with tempfile.TemporaryDirectory(prefix="make-", dir=self.content.storage.spool_dir()) as folder:
            source, target = self.content.storage.fetch(row.storage_key, Path(folder)), Path(folder, "made")
            if kind == "peaks":
                self.media.decode(source, Path(folder, "sound.wav"))
                self.media.peaks(Path(folder, "sound.wav"), target)
            else:
                self.media.playback_copy(source, target)
            content = self.content.keep(target)
        media_type = "application/octet-stream" if kind == "peaks" else "audio/mp4"
        made = ArtifactRow(file_id=row.id, kind=kind, media_type=media_type, storage_key=content.storage_key)
        made.sha256, made.size_bytes = content.sha256, content.size_bytes
        with contextlib.suppress(errors.ConflictError), self.database.unit_of_work(row.owner_id) as work:
            self.content.claim(work, content)
            return work.artifacts.add(made)
        found = self._find(row, kind)  # Somebody else made it in the same moment.
        if found is None:
            raise errors.NotFound(f"There is no file {row.uid!r} any more.")
        return found


def _not_ready(what: str) -> errors.NotReady:
    return errors.NotReady(f"{what} Ask again in {RETRY_SECONDS} s.", retry_after_seconds=RETRY_SECONDS)
