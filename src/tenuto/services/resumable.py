"""ResumableService: recordings that come in pieces, over connections that break and servers that die.

An upload is a row and a spool file. The row's offset moves only over bytes that a power cut cannot take, and reaches
the end only in the transaction that also writes the file's row: until then the last byte counts as not yet sent.
Several servers need a spool folder they share, or each upload must always reach the same one; one that does not have
the bytes begins the upload anew and never mixes them.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path

from tenuto import errors
from tenuto.db.models import FileRow, UploadRow, now
from tenuto.db.work import EVERYONE, UnitOfWork
from tenuto.services.content import Content, key_of, measure
from tenuto.services.files import LOOK_AT_DISK_BYTES, FileService, clean_name
from tenuto.services.spools import SPOOL_PREFIX, alone, open_spool, remove, size_of, write_all
from tenuto.storage.durable import os_errors

logger = logging.getLogger(__name__)
ALGORITHMS = ("sha1", "sha256")
KEPT = timedelta(hours=24)  # Counted from the last byte that came.
KEEP_BYTES = LOOK_AT_DISK_BYTES  # How much a killed server may forget of what it was sent.
# The door answers these otherwise than other errors of their classes, so they say which they are (as does BUSY).
EXPIRED, CHECKSUM = "expired", "checksum"


@dataclass(frozen=True)
class Checksum:
    """What a piece must hash to."""

    algorithm: str  # one of ALGORITHMS
    digest: bytes


class ResumableService:
    """Uploads under way: begun, continued, ended."""

    def __init__(self, files: FileService) -> None:
        self.files, self.database, self.storage = files, files.database, files.content.storage

    def create(self, owner_id: int, name: str, length_bytes: int, description: str = "") -> UploadRow:
        """Begin an upload; refused early when it cannot fit."""
        if length_bytes == 0:
            raise errors.BrokenMedia("The file is empty.")
        self.files.check_size(length_bytes)
        row = UploadRow(name=clean_name(name), description=description, length_bytes=length_bytes)
        row.expires_at = now() + KEPT
        with self.database.unit_of_work(owner_id) as work:
            return work.uploads.add(row)

    def get(self, owner_id: int, uid: str) -> UploadRow:
        """How far an upload is."""
        with self.database.reading(owner_id) as work:
            row = work.uploads.get_by_id(uid)
        if row.expires_at < now():
            raise errors.NotFound("This upload was not finished in time; begin it anew.", reason=EXPIRED)
        return row

    def receive(
        self,
        owner_id: int,
        uid: str,
        offset_bytes: int,
        *,
        size_bytes: int | None = None,
        checksum: Checksum | None = None,
    ) -> Piece:
        """Go on with an upload where it stands; until the piece is closed nobody else can."""
        self.get(owner_id, uid)  # What does not exist is not locked either.
        with ExitStack() as held:
            held.enter_context(alone(self.spool(uid)))
            row = self._mended(self.get(owner_id, uid))
            if row.offset_bytes != offset_bytes:
                raise errors.ConflictError(
                    f"The upload is at byte {row.offset_bytes}, not at {offset_bytes}; go on from there."
                )
            if size_bytes is not None and offset_bytes + size_bytes > row.length_bytes:
                raise past_the_end(row)
            return Piece(self, row, held.pop_all(), checksum)

    def delete(self, owner_id: int, uid: str) -> None:
        """End an upload and drop what came; a file it became stays."""
        row = self.get(owner_id, uid)
        with alone(self.spool(uid)):
            self.drop(row)

    def drop(self, row: UploadRow) -> None:
        """Remove an upload that the caller holds."""
        with self.database.unit_of_work(EVERYONE) as work:
            work.uploads.delete(work.uploads.get(row.id))
        remove(self.spool(row.uid))

    def sweep(self, moment: datetime, *, dry_run: bool) -> Iterator[int]:
        """Remove uploads past their time; yield how many bytes each freed."""
        for row in self.database.each(lambda work, after: work.uploads.expired(moment, after_id=after)):
            size = size_of(self.spool(row.uid))
            # One that is being sent at this moment, or that somebody else removes, is no longer ours to remove.
            with suppress(errors.ConflictError, errors.NotFound):
                if not dry_run:
                    self._remove_expired(row, moment)
                yield size

    def _remove_expired(self, row: UploadRow, moment: datetime) -> None:
        with alone(self.spool(row.uid)):
            with self.database.unit_of_work(EVERYONE) as work:
                fresh = work.uploads.get(row.id)
                if fresh.expires_at >= moment:
                    raise errors.ConflictError
                work.uploads.delete(fresh)
            remove(self.spool(row.uid))

    def holds(self, name: str) -> bool:
        """Whether a name in the spool folder belongs to an upload that goes on."""
        if not name.startswith(SPOOL_PREFIX):
            return False
        try:
            with self.database.reading(EVERYONE) as work:
                return work.uploads.get_by_id(name.removeprefix(SPOOL_PREFIX).partition(".")[0]).file_uid is None
        except errors.NotFound:
            return False

    def spool(self, uid: str) -> Path:
        """Where an upload's bytes wait."""
        return self.storage.spool_dir() / f"{SPOOL_PREFIX}{uid}"

    def move(self, row: UploadRow, offset_bytes: int, **values: object) -> UploadRow:
        """Write down how far an upload is."""
        with self.database.unit_of_work(row.owner_id) as work:
            return work.uploads.move(row, row.offset_bytes, offset_bytes, expires_at=now() + KEPT, **values)

    def _mended(self, row: UploadRow) -> UploadRow:
        """The row, when its bytes are there or can be had; otherwise the upload starts over."""
        spool = self.spool(row.uid)
        if row.file_uid is not None or size_of(spool) >= row.offset_bytes:
            return row
        if row.sha256 is not None:
            # A crash came when the bytes were already in the store and the file's row was not written yet.
            with suppress(errors.NotFound):
                self._fetch_back(key_of(row.sha256), spool, row.length_bytes)
                return row
        logger.warning("An upload lost its bytes and starts over.", extra={"action": "upload_lost", "upload": row.uid})
        return self.move(row, 0)

    def _fetch_back(self, key: str, spool: Path, length_bytes: int) -> None:
        # A copy, never a link: this file will be written to again.
        pieces = self.storage.read_range(key, 0, length_bytes)
        first = next(pieces, b"")
        with os_errors("Taking an upload's bytes back from the store"), open_spool(spool) as file:
            write_all(file, first)
            for piece in pieces:
                write_all(file, piece)
            os.fsync(file.fileno())


class Piece:
    """Bytes on their way into an upload that nobody else can touch meanwhile."""

    def __init__(
        self, service: ResumableService, row: UploadRow, held: ExitStack, checksum: Checksum | None = None
    ) -> None:
        self.service, self.row, self._held, self.checksum = service, row, held, checksum
        self.position = row.offset_bytes
        self._digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._file: FileIO | None = None
        self._next_look = 0

    def write(self, data: bytes) -> None:
        """Take the next bytes, or refuse them because there is too much or no room."""
        if self.position + len(data) > self.row.length_bytes:
            raise past_the_end(self.row)
        if self.position >= self._next_look:
            self.service.files.check_disk_space(len(data))
            self._next_look = self.position + self.service.files.limits.look_at_disk_bytes
        with os_errors("Writing an upload"):
            write_all(self._file or self._open(), data)
        self.position += len(data)
        if self._digest is not None:
            self._digest.update(data)
        elif self.position - self.row.offset_bytes >= KEEP_BYTES:
            self._keep()

    def finish(self) -> UploadRow:
        """Keep what came; once it is all there, take the recording in."""
        if self._digest is not None and self.checksum is not None:
            digest, self._digest = self._digest.digest(), None
            if digest != self.checksum.digest:
                self.position = self.row.offset_bytes
                raise errors.ValidationError("The bytes do not have the checksum they came with.", reason=CHECKSUM)
        self._keep()
        if self._file is not None and self.position == self.row.length_bytes:
            self._complete(self._file)
        return self.row

    def close(self) -> None:
        """Keep what came, unless it cannot be told whether it came right, and let others go on."""
        try:
            if self._digest is None:
                self._keep()
        finally:
            if self._file is not None:
                self._file.close()
            self._held.close()

    def _open(self) -> FileIO:
        self._file = open_spool(self.service.spool(self.row.uid))
        # What lies behind the offset was never acknowledged.
        self._file.truncate(self.row.offset_bytes)
        self._file.seek(self.row.offset_bytes)
        return self._file

    def _keep(self) -> None:
        """Move the offset over what came, up to the last byte, once it is safe on the disk."""
        reached = min(self.position, self.row.length_bytes - 1)
        if self._file is None or reached <= self.row.offset_bytes:
            return
        self._sync(self._file)
        self.row = self.service.move(self.row, reached)

    def _sync(self, file: FileIO) -> None:
        with os_errors("Writing an upload"):
            try:
                os.fsync(file.fileno())
            except OSError:
                # The kernel tells of lost bytes once; a second fsync would call a broken file safe.
                self.service.spool(self.row.uid).unlink(missing_ok=True)
                self.position = self.row.offset_bytes
                raise

    def _complete(self, file: FileIO) -> None:
        spool = self.service.spool(self.row.uid)
        self._sync(file)
        file.close()
        self._file = None
        with os_errors("Reading an upload"):
            content = measure(spool)
        self.row = self.service.move(self.row, self.row.offset_bytes, sha256=content.sha256)
        try:
            self._accept(spool, content)
        except errors.RejectedFile:
            self.service.drop(self.row)
            raise
        remove(spool)

    def _accept(self, spool: Path, content: Content) -> None:
        finished: list[UploadRow] = []

        def mark(work: UnitOfWork, file: FileRow) -> None:
            end = self.row.length_bytes
            moved = work.uploads.move(self.row, self.row.offset_bytes, end, file_uid=file.uid, expires_at=now() + KEPT)
            finished.append(moved)

        self.service.files.accept(self.row.owner_id, spool, self.row.name, content, also=mark)
        self.row = finished[0]


def past_the_end(row: UploadRow) -> errors.TooLarge:
    """The refusal of more bytes than were announced."""
    return errors.TooLarge(f"The upload was announced with {row.length_bytes} bytes, and more came.")
