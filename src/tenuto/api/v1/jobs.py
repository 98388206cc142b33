"""A request's way with its job: wait for the end, and say honestly when that does not come or is no good."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tenuto import errors
from tenuto.api.errors import Problem, problem_of
from tenuto.api.v1.errors import RETRY_HEADER, error_body, error_response
from tenuto.api.v1.waiting import WaitingRoom
from tenuto.bootstrap import Tenuto
from tenuto.domain.jobs import JobStatus
from tenuto.domain.transcripts import Transcript

HEARTBEAT_SECONDS = 10.0
MARGIN_SECONDS = 5.0  # Our word that it takes longer must come before the client hangs up.
READ_TIMEOUT, RETRY_COUNT = "x-stainless-read-timeout", "x-stainless-retry-count"
TOO_LATE, LEAVING = 504, 503


def says_again(request: Request) -> bool:
    """Whether the client says that it sent this before: a broken line must not make a second job."""
    return request.headers.get(RETRY_COUNT, "0").strip() not in ("0", "")


@dataclass(frozen=True)
class Errand:
    """One request."""

    request: Request
    house: Tenuto
    owner: int

    @property
    def room(self) -> WaitingRoom:
        """Where it waits."""
        found: WaitingRoom = self.request.app.state.waiting
        return found

    @property
    def patience(self) -> float:
        """How long it waits: as the settings say, but not longer than the client listens."""
        given = self.request.headers.get(READ_TIMEOUT, "")
        most = self.house.settings.openai_wait_seconds
        with contextlib.suppress(ValueError):
            listens = float(given)
            return max(1.0, min(most, max(listens - MARGIN_SECONDS, listens / 2)))
        return most

    async def wait(self, job_id: str, *, blame: str = "") -> Response | None:
        """Wait until the job is finished; the answer when it did not complete.

        `blame` is the field that was wrong where only the engine could tell.
        """
        waiting = asyncio.create_task(self.room.ended(job_id))
        leaving = asyncio.create_task(self._left())
        try:
            await asyncio.wait({waiting, leaving}, timeout=self.patience, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                waiting.result()
        finally:
            waiting.cancel()
            leaving.cancel()
        problem = await self._problem(job_id)
        if problem is None:
            return None
        wrong = [{"field": blame}] if blame and problem.code == errors.ValidationError.code else []
        found = error_response(problem.status, problem.code, problem.detail, fields=wrong, job_id=job_id)
        if problem.status == LEAVING and self.room.closing.is_set():
            found.headers[RETRY_HEADER] = "true"  # Sent again it finds the job it has.
        return found

    async def _left(self) -> None:
        """Until the client is gone; its job goes on."""
        while (await self.request.receive())["type"] != "http.disconnect":
            pass

    async def states(self, job_id: str) -> AsyncIterator[object | None]:
        """Something for each change of the job, None now and then while there is none."""
        changes = self.room.changes(job_id)
        following: asyncio.Future[Any] = asyncio.ensure_future(anext(changes, _END))
        try:
            while True:
                await asyncio.wait({following}, timeout=HEARTBEAT_SECONDS)
                if not following.done():
                    yield None
                    continue
                if following.result() is _END:
                    return
                yield following.result()
                following = asyncio.ensure_future(anext(changes, _END))
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, errors.TenutoError):
                await following
            await changes.aclose()  # type: ignore[attr-defined]

    async def failure(self, job_id: str) -> dict[str, Any] | None:
        """The error of a job that did not complete, for a stream that has begun."""
        problem = await self._problem(job_id)
        return None if problem is None else error_body(problem.status, problem.code, problem.detail)

    async def _problem(self, job_id: str) -> Problem | None:
        return await run_in_threadpool(self._look, job_id)

    def _look(self, job_id: str) -> Problem | None:
        job = self.house.processing.get(self.owner, job_id)
        if job.status is JobStatus.COMPLETED:
            return None
        if job.status is JobStatus.FAILED:
            return problem_of(errors.from_code(job.error_code or "job_failed", job.error_message or "The job failed."))
        if job.status is JobStatus.CANCELLED:
            return problem_of(errors.Cancelled(f"The job {job_id} was cancelled."))
        if self.room.closing.is_set():
            return Problem(LEAVING, "unavailable", f"The server is leaving; the job {job_id} is kept and goes on.")
        nobody = "" if self.house.health.workers_alive() else " No worker is alive at the moment."
        return Problem(
            TOO_LATE,
            "timeout",
            f"The job {job_id} is {job.status} and took longer than this request could wait.{nobody} It goes on: its"
            f" result will be at /api/jobs/{job_id}/result.",
        )

    def transcript(self, job_id: str) -> Transcript:
        """What the job heard."""
        return self.house.exports.transcript(self.owner, job_id)


_END = object()


def frame(document: dict[str, Any]) -> bytes:
    """One event of a stream."""
    return f"data: {json.dumps(document)}\n\n".encode()
