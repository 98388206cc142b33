"""Turns at making the same thing: who comes later finds it made."""

from __future__ import annotations

import threading


class Turns:
    """A lock for each name that is asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def of(self, name: str) -> threading.Lock:
        """Held while somebody makes what has this name, or finds that it is there."""
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())
