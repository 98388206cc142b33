"""Spool files of uploads that come in pieces: opened, written whole, held by one sender at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from tenuto import errors
from tenuto.storage.durable import os_errors, sync_folder

SPOOL_PREFIX = "resumable-"
BUSY = "busy"


def open_spool(path: Path) -> FileIO:
    """Open a spool file for reading and writing; one that a failed storing sealed is writable again."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    sync_folder(path.parent)
    return path.open("r+b", buffering=0)


def write_all(file: FileIO, data: bytes) -> None:
    """Write all of it, or raise."""
    # On a disk that fills up an unbuffered write stops half-way without an error.
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def size_of(path: Path) -> int:
    """How many bytes there are."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _lock_of(spool: Path) -> Path:
    # Not the spool file itself, which moves into the store while the upload is still held.
    return spool.with_name(f"{spool.name}.lock")


def remove(spool: Path) -> None:
    """Remove a spool file; its lock goes when it is let go."""
    with os_errors("Removing an upload"):
        spool.unlink(missing_ok=True)


@contextmanager
def alone(spool: Path) -> Iterator[None]:
    """Hold an upload against every thread and process of this machine; refused while somebody else does."""
    while True:
        with os_errors("Locking an upload"):
            file = _lock_of(spool).open("ab")
        with file:
            _lock(file)
            mine = _is_at(_lock_of(spool), file)
            try:
                if mine:
                    yield
                    return
            finally:
                if mine and not spool.exists():
                    _lock_of(spool).unlink(missing_ok=True)
                # Closing alone would leave it to a child that is being started and still has a copy.
                fcntl.flock(file, fcntl.LOCK_UN)


def _lock(file: BinaryIO) -> None:
    with os_errors("Locking an upload"):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.ConflictError(
                "This upload is being sent over another connection; try again when that has ended.", reason=BUSY
            ) from None


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Whether the open file still has its name, which who held it before may have removed."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
