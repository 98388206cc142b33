"""Sandboxes of houses in this process, whose children outlive their house: the next one's begin with them.

Each pool keeps its own size, queue and limits, and its children do the same work as always. Only the fifth of a second is missing
that each takes to start. What tests of children and of their pools look at is `ChildPool` itself.
"""

import contextlib
from unittest import mock

from tenuto import bootstrap
from tenuto.children import ChildPool


class ShelvedPool(ChildPool):
    """Takes children from a shelf before it starts any, and leaves its idle ones there."""

    def __init__(self, shelf, size, limits):
        super().__init__(size, limits)
        self._shelf = shelf

    def _take(self, key):
        with self._lock:
            if not self._closed and key not in [name for name, _ in self._idle]:
                self._fetch(key)
        return super()._take(key)

    def _fetch(self, key):
        if len(self._idle) + len(self._busy) >= self.size:
            return
        for position, (limits, name, child) in enumerate(self._shelf):
            if (limits, name) == (self.limits, key) and child.alive:
                del self._shelf[position]
                self._idle.append((key, child))
                return

    def close(self):
        with self._lock:
            self._shelf.extend((self.limits, key, child) for key, child in self._idle if child.alive)
            self._idle = []
        super().close()


@contextlib.contextmanager
def warm_sandboxes():
    """Until the block ends, sandboxes of new houses share their children one after another."""
    shelf, cold = [], bootstrap.sandbox_pool

    def sandbox_pool(size, *limits):
        pool = cold(size, *limits)
        return ShelvedPool(shelf, pool.size, pool.limits)

    with mock.patch.object(bootstrap, "sandbox_pool", sandbox_pool):
        yield
    for _, _, child in shelf:
        child.kill()
