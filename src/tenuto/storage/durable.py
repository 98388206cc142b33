"""Files and folders that survive a power cut, and what the operating system's refusals mean."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenuto import errors

STORED_MODE = 0o440  # what is stored, or linked to it, is never written again
PIECE_BYTES = 1 << 20

_FULL = {errno.ENOSPC, errno.EDQUOT}
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe never hangs us


@contextmanager
def os_errors(doing: str) -> Iterator[None]:
    """Raise the operating system's refusals as errors of the storage; `doing` says what was tried."""
    try:
        yield
    except OSError as error:
        raise _storage_error(error, doing) from error


def _storage_error(error: OSError, doing: str) -> errors.TenutoError:
    reason = error.strerror or str(error)
    details = {"errno": errno.errorcode.get(error.errno or 0, "")}
    if error.errno in _FULL:
        return errors.StorageFull(f"{doing} failed: the disk is full. Make room and try again.", **details)
    if error.errno == errno.EROFS:
        advice = "Mount the file system for writing."
    elif error.errno in {errno.EACCES, errno.EPERM}:
        advice = "Give the user that runs tenuto the right to read and write there."
    elif error.errno == errno.ENOENT:
        advice = "Is its folder still there, and the disk mounted?"
    else:
        advice = "Check the disk and the system's log."
    return errors.StorageError(f"{doing} failed: {reason}. {advice}", **details)


def open_regular(path: Path | str, *, folder: int | None = None) -> int:
    """Open a regular file for reading, by its name in the open `folder` if given; a link or a device is none."""
    try:
        descriptor = os.open(path, _READ_FLAGS, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
    else:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
    raise no_regular(path)


def no_regular(path: Path | str) -> FileNotFoundError:
    """The error for a name that stands for a folder, a link or a device."""
    return FileNotFoundError(errno.ENOENT, "no regular file", str(path))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone; all survive a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def seal_file(path: Path) -> None:
    """Make a finished file's bytes survive a power cut, and take away the right to write to it."""
    descriptor = open_regular(path)
    try:
        os.fchmod(descriptor, STORED_MODE)
        try:
            os.fsync(descriptor)
        except OSError:
            # The kernel tells of lost bytes once; a second fsync would call a broken file safe.
            path.unlink(missing_ok=True)
            raise
    finally:
        os.close(descriptor)


def write_file(path: Path, data: bytes) -> None:
    """Write a new file and seal it; nothing is left of it on failure."""
    try:
        path.write_bytes(data)
        seal_file(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def copy_file(source: int, path: Path) -> None:
    """Copy an open file to a new one and seal it; nothing is left of it on failure."""
    try:
        with open(source, "rb", closefd=False) as reader, path.open("xb") as writer:
            shutil.copyfileobj(reader, writer, PIECE_BYTES)
        seal_file(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
