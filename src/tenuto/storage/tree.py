"""Keys as files in folders below one folder, reached step by step without following a symbolic link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tenuto.storage.base import StoredObject
from tenuto.storage.durable import no_regular, open_regular
from tenuto.storage.keys import is_key, split_key

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLACING_ATTEMPTS = 20


class Tree:
    """The folder that holds the objects; every method raises what the operating system raises."""

    def __init__(self, top: Path) -> None:
        self._top = top

    @contextmanager
    def folder(self, names: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """Open a folder below the top one."""
        descriptor = os.open(self._top, _FOLDER_FLAGS)
        try:
            for name in names:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, 0o700, dir_fd=descriptor)
                    # Even when it was there: who made it may not have come to this point yet.
                    os.fsync(descriptor)
                inner = os.open(name, _FOLDER_FLAGS, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def place(self, source: Path, key: str) -> None:
        """Move a sealed file to where its key says, for good."""
        folders, name = split_key(key)
        for attempts_left in reversed(range(_PLACING_ATTEMPTS)):
            try:
                with self.folder(folders, make=True) as folder:
                    os.rename(source, name, dst_dir_fd=folder)
                    os.fsync(folder)
                    return
            except FileNotFoundError:
                # A removal may have taken the folder, then still empty, away between two of our steps.
                if not attempts_left or not source.exists():
                    raise

    def open(self, key: str) -> int:
        """Open an object for reading."""
        folders, name = split_key(key)
        with self.folder(folders) as folder:
            return open_regular(name, folder=folder)

    def stat(self, key: str) -> StoredObject:
        """Size and time of one object."""
        folders, name = split_key(key)
        with self.folder(folders) as folder:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise no_regular(name)
        return StoredObject(key, found.st_size, found.st_mtime)

    def link(self, key: str, path: Path) -> None:
        """Make a second name for an object."""
        folders, name = split_key(key)
        with self.folder(folders) as folder:
            os.link(name, path, src_dir_fd=folder, follow_symlinks=False)

    def remove(self, key: str) -> None:
        """Remove an object, for good, and the folders it leaves empty."""
        folders, name = split_key(key)
        with self.folder(folders) as folder:
            os.unlink(name, dir_fd=folder)
            os.fsync(folder)
        for depth in reversed(range(len(folders))):
            with self.folder(folders[:depth]) as folder:
                try:
                    os.rmdir(folders[depth], dir_fd=folder)
                except OSError:
                    return  # not empty, which is the rule

    def walk(self, prefix: str) -> Iterator[StoredObject]:
        """All objects whose key begins with `prefix`."""
        return _walk(self._top, "", prefix)


def _walk(folder: Path, above: str, prefix: str) -> Iterator[StoredObject]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return  # its last object was removed since
    for entry in entries:
        key = f"{above}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                yield from _walk(Path(entry.path), f"{key}/", prefix)
        elif key.startswith(prefix) and is_key(key):
            with suppress(FileNotFoundError):
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    yield StoredObject(key, found.st_size, found.st_mtime)
