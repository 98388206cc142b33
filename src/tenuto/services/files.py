"""FileService: take recordings and decks of slides in, find them, hand them out, delete them."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from types import TracebackType
from typing import Self

from tenuto import errors
from tenuto.db.models import FileRow, now
from tenuto.db.repository import Page
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.media import RECORDING, MediaInfo
from tenuto.media.tools import MediaTools
from tenuto.services.content import Content, ContentStore, key_of
from tenuto.services.copies import CopyService
from tenuto.storage.durable import os_errors

logger = logging.getLogger(__name__)
SPOOL_PREFIX = "upload-"
LOOK_AT_DISK_BYTES = 16 << 20
NAME_BYTES = 255


@dataclass(frozen=True)
class FileLimits:
    """What is taken in, and for how long it is kept."""

    max_upload_bytes: int = 500 << 20
    disk_floor_bytes: int = 10 << 20
    disk_soft_floor_bytes: int = 1 << 30
    retention_hours: float = 24.0  # 0 keeps uploads until somebody deletes them

    @property
    def look_at_disk_bytes(self) -> int:
        """How much an upload may write between two looks at the room: less than what must stay."""
        return min(LOOK_AT_DISK_BYTES, self.disk_floor_bytes // 2) if self.disk_floor_bytes else LOOK_AT_DISK_BYTES


@dataclass(frozen=True)
class Readable:
    """Stored bytes and how to name them."""

    storage_key: str
    sha256: str
    size_bytes: int
    media_type: str
    name: str


class Upload:
    """A file on its way in: written once, hashed while it comes, gone unless it is finished."""

    def __init__(self, service: FileService, name: str) -> None:
        self.service, self.name = service, clean_name(name)
        handle, path = tempfile.mkstemp(prefix=SPOOL_PREFIX, dir=service.content.storage.spool_dir())
        self.path = Path(path)
        self._file = os.fdopen(handle, "wb", buffering=0)
        self._digest = hashlib.sha256()
        self.size_bytes = 0
        self._next_look = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Take the next piece, or refuse it because there is too much or no room."""
        self.size_bytes += len(piece)
        limit = self.service.limits.max_upload_bytes
        if self.size_bytes > limit:
            raise too_large(limit)
        if self.size_bytes >= self._next_look:
            self.service.check_disk_space(len(piece))
            self._next_look = self.size_bytes + self.service.limits.look_at_disk_bytes
        self._digest.update(piece)
        rest = memoryview(piece)
        try:
            while rest:  # Near a full disk only a part of a piece may be taken.
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise errors.StorageFull(f"The upload could not be written: {error.strerror}.") from error

    def finish(self, owner_id: int) -> FileRow:
        """Open the file, put it into the store and write its row; only then is it accepted."""
        return self.service.accept(owner_id, self.path, self.name, self.whole())

    def whole(self) -> Content:
        """Say that nothing more will come, and what came."""
        if self.size_bytes == 0:
            raise errors.BrokenMedia("The file is empty.")
        self._file.close()
        sha256 = self._digest.hexdigest()
        return Content(key_of(sha256), sha256, self.size_bytes)


class FileService:
    """Recordings and decks: rows and bytes together."""

    def __init__(
        self, database: Database, content: ContentStore, media: MediaTools, limits: FileLimits, copies: CopyService
    ) -> None:
        self.database, self.content, self.media, self.limits, self.copies = database, content, media, limits, copies

    def upload(self, name: str, declared_bytes: int | None = None) -> Upload:
        """Begin to take a file in; refused early when it cannot fit."""
        self.check_size(declared_bytes or 0)
        return Upload(self, name)

    def check_size(self, declared_bytes: int) -> None:
        """Refuse what is larger than allowed or than the room there is."""
        if declared_bytes > self.limits.max_upload_bytes:
            raise too_large(self.limits.max_upload_bytes)
        self.check_disk_space(declared_bytes)

    def save_audio_file(self, owner_id: int, source: Path, name: str = "") -> FileRow:
        """Take in a file that lies on this machine."""
        with self.upload(name or source.name, source.stat().st_size) as upload, source.open("rb") as file:
            while piece := file.read(1 << 20):
                upload.write(piece)
            return upload.finish(owner_id)

    def check_disk_space(self, wanted_bytes: int) -> None:
        """Refuse before the disk is full; warn before that."""
        with os_errors("Looking for room in the storage"):
            room = shutil.disk_usage(self.content.storage.spool_dir()).free
        in_store = self.content.storage.free_bytes()
        room = room if in_store is None else min(room, in_store)
        if room - wanted_bytes < self.limits.disk_floor_bytes:
            raise errors.StorageFull(
                f"There is no room: {room >> 20} MB are free and {self.limits.disk_floor_bytes >> 20} MB must stay so."
                " Delete something, or run `tenuto cleanup`.",
                free_bytes=room,
            )
        if room - wanted_bytes < self.limits.disk_soft_floor_bytes:
            logger.warning("The disk is nearly full.", extra={"action": "disk_low", "free_bytes": room})

    def accept(
        self,
        owner_id: int,
        path: Path,
        name: str,
        content: Content,
        *,
        also: Callable[[UnitOfWork, FileRow], object] = lambda _work, _row: None,
    ) -> FileRow:
        """Check, store, then write the row; `also` writes what must be known together with it."""
        info = self.media.look(path)
        self.content.keep(path, content)
        with self.database.unit_of_work(owner_id) as work:
            self.content.claim(work, content)
            row = work.files.add(self._row(name, content, info))
            also(work, row)
        fields = {
            "action": "file_accepted",
            "file_id": row.uid,
            "bytes": row.size_bytes,
            "duration_ms": row.duration_ms,
        }
        logger.info("A file was accepted.", extra=fields)
        return row

    def _row(self, name: str, content: Content, info: MediaInfo) -> FileRow:
        hours = self.limits.retention_hours
        return FileRow(
            name=name,
            kind=info.kind,
            storage_key=content.storage_key,
            sha256=content.sha256,
            size_bytes=content.size_bytes,
            media_type=info.media_type,
            container=info.container,
            codec=info.codec,
            duration_ms=info.duration_ms,
            sample_rate=info.sample_rate,
            channels=info.channels,
            truncated=info.truncated,
            title=info.title,
            warnings=list(info.warnings),
            created_at=now(),
            expires_at=now() + timedelta(hours=hours) if hours else None,
        )

    def get(self, owner_id: int, uid: str) -> FileRow:
        """One file."""
        with self.database.reading(owner_id) as work:
            return work.files.get_by_id(uid)

    def get_all(self, owner_id: int, *, limit: int = 50, cursor: str | None = None) -> Page[FileRow]:
        """A page of files, newest first."""
        with self.database.browsing(owner_id) as work:
            return work.files.get_all(limit=limit, cursor=cursor)

    def delete(self, owner_id: int, uid: str) -> int:
        """Remove a file nobody works on; return how many bytes that freed."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.files.get_by_id(uid)
            work.files.lock(row)
            song = work.songs.of_file(row.id)
            if song is not None:
                raise errors.ConflictError(
                    f"This is the file of the song {song.artist} - {song.title}; delete the song, and it goes too.",
                    song_id=song.uid,
                )
            presented = work.presentations.of_file(row.id)
            if presented is not None:
                raise errors.ConflictError(
                    f"This is the deck of the presentation {presented.title!r} ({presented.uid}); delete the"
                    " presentation, and it goes too."
                )
            if work.jobs.of_file_unfinished(row.id):
                raise errors.ConflictError("A job still needs this file; cancel the job or wait for it.")
            keys = [row.storage_key, *work.artifacts.keys_of_file(row.id)]
            work.files.delete(row)
        return self.content.release(keys)

    def archive(self, row: FileRow) -> int:
        """Keep a small copy for good instead of the recording itself; return how many bytes that freed.

        A deck has none, and is kept.
        """
        if row.kind != RECORDING:
            with self.database.unit_of_work(row.owner_id) as work:
                work.files.update(work.files.get(row.id), expires_at=None)
            return 0
        copy = self.copies.make(row, "playback")
        with self.database.unit_of_work(row.owner_id) as work:
            fresh = work.files.get(row.id)
            work.files.lock(fresh)
            if (
                work.jobs.of_file_unfinished(fresh.id)
                or work.songs.of_file(fresh.id)
                or work.presentations.of_file(fresh.id)
            ):
                return 0
            if copy.size_bytes >= fresh.size_bytes:
                work.files.update(fresh, expires_at=None)
                return 0
            old_key = fresh.storage_key
            work.artifacts.delete(work.artifacts.get(copy.id))
            work.files.replace_content(
                fresh,
                storage_key=copy.storage_key,
                sha256=copy.sha256,
                size_bytes=copy.size_bytes,
                media_type=copy.media_type,
                container="mov",
                codec="aac",
                channels=min(2, fresh.channels),
                name=f"{PurePath(fresh.name).stem}.m4a",
                expires_at=None,
            )
        return self.content.release([old_key])

    def readable(self, owner_id: int, uid: str, *, playback: bool = False) -> Readable:
        """What is needed to hand out a file's bytes, or those of its playback copy."""
        row = self.get(owner_id, uid)
        if not playback:
            return Readable(row.storage_key, row.sha256, row.size_bytes, row.media_type, row.name)
        copy = self.copies.get(_with_sound(row), "playback")
        name = f"{PurePath(row.name).stem}.m4a"
        return Readable(copy.storage_key, copy.sha256, copy.size_bytes, copy.media_type, name)

    def read(self, readable: Readable, start: int, length: int) -> Iterator[bytes]:
        """Yield bytes of what was made readable."""
        return self.content.storage.read_range(readable.storage_key, start, length)

    def peaks(self, owner_id: int, uid: str) -> Readable:
        """The outline of a file, made now if nobody made it before."""
        made = self.copies.get(_with_sound(self.get(owner_id, uid)), "peaks")
        return Readable(made.storage_key, made.sha256, made.size_bytes, made.media_type, "peaks.bin")


def _with_sound(row: FileRow) -> FileRow:
    if row.kind != RECORDING:
        raise errors.UnsupportedMedia(f"{row.name!r} is a deck of slides, which has no sound to draw or to play.")
    return row


def clean_name(name: str) -> str:
    """What we show and offer for download: never a path, never a control character, never more than 255 bytes."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(character for character in name if unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"))
    name = name.encode()[:NAME_BYTES].decode(errors="ignore").strip(" .")
    return name or "recording"


def too_large(limit: int) -> errors.TooLarge:
    """The refusal of a file beyond the limit."""
    return errors.TooLarge(
        f"The file is larger than the {limit >> 20} MB this server takes; its operator may raise TENUTO_MAX_UPLOAD_MB.",
        limit_bytes=limit,
    )
