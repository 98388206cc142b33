"""Objects as files below one folder.

`objects` holds the objects, in folders named by the parts of their keys; `spool` holds what is on its way in, and all
that a crash can leave behind. A symbolic link among the objects is no object, and no way out.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tenuto import errors
from tenuto.storage.base import StoredObject
from tenuto.storage.durable import (
    PIECE_BYTES,
    copy_file,
    make_folder,
    open_regular,
    os_errors,
    seal_file,
    write_file,
)
from tenuto.storage.keys import check_prefix, check_range, fetched_path, split_key
from tenuto.storage.tree import Tree

_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EEXIST, errno.ENOTEMPTY}
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}


class LocalStorage:
    """A store in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.url = self.root.as_uri()
        self._tree = Tree(self.root / "objects")
        self._spool = self.root / "spool"
        with os_errors(f"Making the storage folder {self.root}"):
            make_folder(self.root / "objects")
            make_folder(self._spool)

    def spool_dir(self) -> Path:
        """Folder for files on their way in."""
        return self._spool

    def adopt(self, source: Path, key: str) -> None:
        """Take a finished file over under `key`; `source` is gone afterwards."""
        split_key(key)
        with _writing(key):
            try:
                seal_file(source)
            except FileNotFoundError as error:
                raise errors.NotFound(f"There is no file {source} to store as {key!r}.") from error
            try:
                self._tree.place(source, key)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self._place_copy(source, key)
            # Still there after a copy, or when it was a second link to what is stored, which rename leaves alone.
            source.unlink(missing_ok=True)

    def put(self, key: str, data: bytes) -> None:
        """Store a small object."""
        split_key(key)
        with _writing(key), self._arriving() as arriving:
            write_file(arriving, data)
            self._tree.place(arriving, key)

    def fetch(self, key: str, into: Path) -> Path:
        """Link the object into folder `into`, or copy it where no link can reach."""
        target = fetched_path(key, into)
        partial = target.with_name(f"{target.name}+{secrets.token_hex(8)}")
        with os_errors(f"Fetching {key!r} into {into}"):
            into.mkdir(parents=True, exist_ok=True)
        descriptor = self._open(key)
        try:
            with _reading(key):
                self._link_or_copy(key, descriptor, partial)
                partial.replace(target)
        finally:
            os.close(descriptor)
            partial.unlink(missing_ok=True)  # replacing a link by another to the same file leaves both
        return target

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the start."""
        return os.fdopen(self._open(key), "rb")

    def read_range(self, key: str, start: int, length: int) -> Iterator[bytes]:
        """Yield up to `length` bytes from `start`; fewer when the object ends before."""
        check_range(start, length)
        with self.open(key) as file:
            file.seek(start)
            while length:
                with _reading(key):
                    piece = file.read(min(length, PIECE_BYTES))
                if not piece:
                    return
                length -= len(piece)
                yield piece

    def stat(self, key: str) -> StoredObject:
        """Size and time of one object."""
        with _reading(key):
            return self._tree.stat(key)

    def exists(self, key: str) -> bool:
        """Whether the key is there."""
        try:
            self.stat(key)
        except errors.NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove the object; a missing one is fine."""
        if not self.exists(key):
            return
        with suppress(errors.NotFound), _reading(key):
            self._tree.remove(key)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with `prefix`."""
        check_prefix(prefix)
        with os_errors(f"Listing {self.root}"):
            yield from self._tree.walk(prefix)

    def free_bytes(self) -> int:
        """Room left for this user."""
        with os_errors(f"Asking for the free space of {self.root}"):
            found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize

    def check(self) -> str:
        """Write, read and delete a small object."""
        key, data = f"check/{secrets.token_hex(8)}", secrets.token_bytes(16)
        self.put(key, data)
        read = b"".join(self.read_range(key, 0, len(data)))
        self.delete(key)
        if read != data:
            raise errors.StorageError(f"{self.root} gave back other bytes than were stored. Check the disk.")
        return f"The folder {self.root} can be written and has {self.free_bytes() / 1e9:.1f} GB left."

    def _open(self, key: str) -> int:
        with _reading(key):
            return self._tree.open(key)

    def _link_or_copy(self, key: str, descriptor: int, partial: Path) -> None:
        try:
            self._tree.link(key, partial)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            copy_file(descriptor, partial)

    @contextmanager
    def _arriving(self) -> Iterator[Path]:
        """A name in the spool folder; whatever has not moved on from there goes."""
        path = self._spool / f"arriving-{secrets.token_hex(16)}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _place_copy(self, source: Path, key: str) -> None:
        with self._arriving() as arriving:
            descriptor = open_regular(source)
            try:
                copy_file(descriptor, arriving)
            finally:
                os.close(descriptor)
            self._tree.place(arriving, key)


def _not_found(key: str) -> errors.NotFound:
    return errors.NotFound(f"There is no object {key!r} in the storage.")


@contextmanager
def _reading(key: str) -> Iterator[None]:
    with os_errors(f"Reading {key!r}"):
        try:
            yield
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
            raise _not_found(key) from error


@contextmanager
def _writing(key: str) -> Iterator[None]:
    with os_errors(f"Storing {key!r}"):
        try:
            yield
        except OSError as error:
            if error.errno not in _IN_THE_WAY:
                raise
            raise errors.ConflictError(
                f"{key!r} cannot be stored: another object, or a link, stands where a folder must be, or the reverse."
            ) from error
