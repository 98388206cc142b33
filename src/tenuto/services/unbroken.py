"""Work that a stop waits for: a call that is paid, until its answer is in the ledger."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tenuto import errors

LOOK_SECONDS = 0.2


class Unbroken:
    """Counts such work in one worker; once a stop has begun, no more of it begins."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.begun = 0
        self._leaving = False
        self.hurry = threading.Event()  # Somebody does not want to wait after all.

    @contextmanager
    def piece(self) -> Iterator[None]:
        """Around one piece of it; raises Fenced when the worker is leaving, so that another one does it."""
        with self._changed:
            if self._leaving:
                raise errors.Fenced("This worker is leaving; another one goes on with the job.", unpaid=True)
            self.begun += 1
        try:
            yield
        finally:
            with self._changed:
                self.begun -= 1
                self._changed.notify_all()

    def finish(self) -> int:
        """Let nothing more begin, and wait for what has begun; returns how much was left to somebody's hurry."""
        with self._changed:
            self._leaving = True
            while self.begun and not self.hurry.is_set():
                self._changed.wait(LOOK_SECONDS)
            return self.begun
