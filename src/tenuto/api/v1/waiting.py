"""Where requests wait for their jobs: one look at the ledger serves all of them, however many there are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from threading import Event

from anyio import CapacityLimiter, to_thread

from tenuto import errors
from tenuto.domain.jobs import JobStatus

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.1
SUBMITS_AT_ONCE = 8  # Opening recordings takes a while; the threads that other requests need stay free.

State = tuple[JobStatus, float]
Look = Callable[[Collection[str]], Mapping[str, State]]


class Seat:
    """What is known of one job, and who waits for news of it."""

    def __init__(self) -> None:
        self.taken = 0
        self.state: State | None = None
        self.gone = False
        self.news = asyncio.Event()

    def tell(self, state: State | None) -> None:
        """Wake those who wait, when something changed."""
        if state is None:
            self.gone = True
        elif state == self.state:
            return
        self.state = state
        self.wake()

    def wake(self) -> None:
        """Let everybody look."""
        self.news.set()
        self.news = asyncio.Event()


class WaitingRoom:
    """Jobs that requests wait for."""

    def __init__(self, look: Look, closing: Event) -> None:
        self._look, self.closing = look, closing
        self.submitting = CapacityLimiter(SUBMITS_AT_ONCE)
        self._looking = CapacityLimiter(1)
        self._seats: dict[str, Seat] = {}
        self._task: asyncio.Task[None] | None = None

    async def changes(self, job_id: str) -> AsyncIterator[State]:
        """The job's state now and whenever it changes, until it is finished or the server closes."""
        seat = self._seats.setdefault(job_id, Seat())
        seat.taken += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            told: State | None = None
            while not self.closing.is_set():
                if seat.gone:
                    raise errors.NotFound(f"The job {job_id} was deleted.")
                if seat.state is None or seat.state == told:
                    await seat.news.wait()
                    continue
                told = seat.state
                yield told
                if told[0].is_finished:
                    return
        finally:
            seat.taken -= 1
            if not seat.taken:
                self._seats.pop(job_id, None)

    async def ended(self, job_id: str) -> bool:
        """Wait until the job is finished; false when the server closes before."""
        status = JobStatus.QUEUED
        async for status, _ in self.changes(job_id):  # noqa: B007 - the last one counts
            pass
        return status.is_finished

    async def _watch(self) -> None:
        while self._seats and not self.closing.is_set():
            await self._tell_all(list(self._seats))
            await asyncio.sleep(LOOK_SECONDS)
        for seat in self._seats.values():
            seat.wake()

    async def _tell_all(self, job_ids: list[str]) -> None:
        """Look once; a database that is away is no reason to end."""
        try:
            found = await to_thread.run_sync(self._look, job_ids, limiter=self._looking)
        except errors.TenutoError as error:
            logger.warning("A look at jobs failed.", extra={"action": "watch_failed", "code": error.code})
            return
        for job_id in job_ids:
            if seat := self._seats.get(job_id):
                seat.tell(found.get(job_id))

    def __len__(self) -> int:
        return len(self._seats)
