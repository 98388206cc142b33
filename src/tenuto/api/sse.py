"""Server-sent events about jobs: one look at the ledger serves everybody who follows the same job.

Only the newest state counts, so nothing is queued for a slow reader: it skips what it missed, and is dropped when it
does not read at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from threading import Event

from anyio import CapacityLimiter, to_thread
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from tenuto import errors
from tenuto.api.schemas import JobOut

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.25
HEARTBEAT_SECONDS = 15.0
SLOW_SECONDS = 30.0
LOOKS_ALONE = 20  # Somebody whose line broke comes back soon.
LOOKS_AT_ONCE = 4  # Followers must not take the threads that requests need.

Look = Callable[[], JobOut]


class Watcher:
    """Looks at one job while anybody follows it."""

    def __init__(self, limiter: CapacityLimiter) -> None:
        self._limiter = limiter
        self.version, self.frame, self.over, self.followers = 0, b"", False, 0
        self.changed = asyncio.Event()
        self._seen: tuple[object, ...] = ()
        self.task: asyncio.Task[None] | None = None

    def show(self, job: JobOut) -> None:
        """Tell the followers, if there is news."""
        state = (job.status, job.stage, job.progress, job.message, job.cancel_requested)
        if state != self._seen:
            self._seen = state
            self.tell("job", job.model_dump_json(), over=job.status.is_finished)

    def tell(self, name: str, data: str, *, over: bool) -> None:
        """Set what followers see."""
        self.version += 1
        self.frame = f"event: {name}\nid: {self.version}\ndata: {data}\n\n".encode()
        self.over = over
        self._wake()

    def end(self) -> None:
        """Let the followers go once they have seen the last."""
        self.over = True
        self._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def watch(self, look: Look, closing: Event) -> None:
        """Look until the job is finished, nobody follows for a while, or the server closes."""
        alone = 0
        while not self.over and alone < LOOKS_ALONE and not closing.is_set():
            await asyncio.sleep(LOOK_SECONDS)
            alone = 0 if self.followers else alone + 1
            await self._look(look)

    async def _look(self, look: Look) -> None:
        """Look once; a database that is away is no reason to end."""
        try:
            job = await to_thread.run_sync(look, limiter=self._limiter)
        except errors.NotFound:
            self.tell("gone", "{}", over=True)
        except errors.ServiceError as error:
            logger.warning("A look at a job failed.", extra={"action": "watch_failed", "code": error.code})
        else:
            self.show(job)

    async def follow(self) -> AsyncIterator[bytes]:
        """The newest state whenever there is one, a sign of life otherwise."""
        seen = 0
        self.followers += 1
        try:
            while True:
                if self.version > seen:
                    seen = self.version
                    yield self.frame
                    continue
                if self.over:
                    return
                changed = self.changed
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self.followers -= 1


class Watchers:
    """The jobs that are followed now."""

    def __init__(self, closing: Event) -> None:
        self.closing = closing
        self._limiter = CapacityLimiter(LOOKS_AT_ONCE)
        self._watchers: dict[tuple[int, str], Watcher] = {}

    async def follow(self, key: tuple[int, str], look: Look) -> AsyncIterator[bytes]:
        """Follow a job; a job that does not exist raises here, before anything is answered."""
        job = await to_thread.run_sync(look)
        watcher = self._watchers.get(key)
        if watcher is None or watcher.over:
            watcher = self._watchers[key] = Watcher(self._limiter)
        watcher.show(job)
        if watcher.task is None and not watcher.over:
            watcher.task = asyncio.create_task(watcher.watch(look, self.closing))
            watcher.task.add_done_callback(lambda _task: self._forget(key, watcher))
        elif watcher.over:
            self._forget(key, watcher)
        return watcher.follow()

    def _forget(self, key: tuple[int, str], watcher: Watcher) -> None:
        if self._watchers.get(key) is watcher:
            del self._watchers[key]
        watcher.end()

    def __len__(self) -> int:
        return len(self._watchers)


class EventStream(StreamingResponse):
    """A stream of events to somebody who reads it."""

    media_type = "text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until the reader has not taken anything for a while."""

        async def impatient(message: Message) -> None:
            async with asyncio.timeout(SLOW_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, impatient)
        except TimeoutError:
            logger.info("A follower did not read and was dropped.", extra={"action": "slow_reader"})
