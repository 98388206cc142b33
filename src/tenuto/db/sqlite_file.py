"""The file under a SQLite engine: what is written into one that was deleted is lost, though SQLite does not mind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from tenuto import errors


class SQLiteFile:
    """Remembers which file was opened first, and refuses to work on any other or to make it anew."""

    def __init__(self, path: Path, *, may_create: bool) -> None:
        self.path, self._may_create = path, may_create
        self._identity: tuple[int, int] | None = None

    def watch(self, engine: Engine) -> None:
        """Look at the file whenever the engine opens it or begins a transaction."""

        @event.listens_for(engine, "do_connect")
        def _open(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
            if self._identity is not None or not self._may_create:
                self._must_be_the_same()
                arguments[0], options["uri"] = f"{self.path.as_uri()}?mode=rw", True
            else:  # What people said is nobody else's to read; SQLite gives its other files the mode of this one.
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

        @event.listens_for(engine, "connect")
        def _opened(_connection: Any, _record: Any) -> None:
            self._must_be_the_same()

        @event.listens_for(engine, "begin")
        def _begun(_connection: Connection) -> None:
            self._must_be_the_same()

    def _must_be_the_same(self) -> None:
        where = str(self.path)
        try:
            found = self.path.stat()
        except FileNotFoundError:
            if self._identity is None:
                raise errors.DatabaseError("There is no database yet; run `tenuto db init`.", cause=where) from None
            raise errors.DatabaseError(
                "The database's file was deleted or moved while it was in use, so nothing can be kept. Put it back, or"
                " restart every server and worker to begin with an empty one.",
                cause=where,
            ) from None
        if self._identity not in (None, (found.st_dev, found.st_ino)):
            raise errors.DatabaseError(
                "The database's file was replaced by another one while it was in use. Restart every server and worker"
                " to work on the new one.",
                cause=where,
            )
        self._identity = found.st_dev, found.st_ino
