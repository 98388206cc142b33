"""Folders whose songs are added, and looked at again and again for more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tenuto.cli.show import note

LOOK_SECONDS = 2.0
Seen = tuple[float, int]


def watch_folders(folders: Sequence[Path], add: Callable[[Path], None], *, forever: bool) -> None:
    """Add every recording below the folders; `forever` goes on with those that come or change, until Ctrl-C."""
    if not folders:
        return
    watcher = Watcher(folders, add)
    watcher.look(at_once=True)
    if forever:
        note(f"Watching {', '.join(map(str, folders))}; Ctrl-C ends it.")
    while forever:
        time.sleep(LOOK_SECONDS)
        watcher.look()


class Watcher:
    """Remembers which files were there, and how they looked."""

    def __init__(self, folders: Sequence[Path], add: Callable[[Path], None]) -> None:
        self.folders, self.add = folders, add
        self._added: dict[Path, Seen] = {}
        self._coming: dict[Path, Seen] = {}

    def look(self, *, at_once: bool = False) -> None:
        """Add what is new; a file that came since the last look has to look the same twice, as it may still grow."""
        from tenuto.services.imports import recordings_below

        for folder in self.folders:
            for path in recordings_below(folder):
                try:
                    status = path.stat()
                except OSError:  # It went while we looked.
                    continue
                seen = (status.st_mtime, status.st_size)
                if self._added.get(path) == seen:
                    continue
                if at_once or self._coming.get(path) == seen:
                    self._added[path] = seen
                    self._coming.pop(path, None)
                    self.add(path)
                else:
                    self._coming[path] = seen
