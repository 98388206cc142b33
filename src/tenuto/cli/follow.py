"""Watching jobs until they end: a bar with the time left on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import typer

from tenuto import errors
from tenuto.cli.backend import Backend
from tenuto.cli.failure import INTERRUPTED
from tenuto.cli.show import SECOND_MS, clean, json_line, length, note
from tenuto.client.shapes import Job

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_PERCENT = 10
Answer = TypeVar("Answer")


class Reporter(Protocol):
    """Is told about a job again and again."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def tell(self, job: Job) -> None:
        """How the job is now."""
        ...

    def pause(self) -> None:
        """Something else is printed now."""
        ...


class QuietReporter:
    """Says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def tell(self, job: Job) -> None:
        """Say nothing."""

    def pause(self) -> None:
        """Nothing is in the way."""


class LineReporter(QuietReporter):
    """A line on standard error for each status, stage and tenth of the work."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, str, int]] = {}

    def tell(self, job: Job) -> None:
        """Write a line when there is news."""
        news = (job.status, job.stage, int(job.progress // LINE_PERCENT))
        if self._told.get(job.id) != news:
            self._told[job.id] = news
            left = f", {remaining(job)} left" if job.eta_seconds is not None else ""
            stage = f" ({job.stage})" if job.stage and not job.is_finished else ""
            note(f"{name_of(job)}: {job.status}{stage}, {job.progress:.0f} %{left}")


class JSONReporter(QuietReporter):
    """A line of JSON on standard output for each change."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, str, float, str]] = {}

    def tell(self, job: Job) -> None:
        """Write the job when it changed."""
        news = (job.status, job.stage, job.progress, job.message)
        if self._told.get(job.id) != news:
            self._told[job.id] = news
            json_line(job)


class BarReporter:
    """A bar for each job, at the bottom of the terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._bars: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[stage]}", markup=False),
            TextColumn("{task.fields[left]}", markup=False),
            console=Console(stderr=True),
            transient=True,  # What is printed stays; a bar that has stopped does not.
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def tell(self, job: Job) -> None:
        """Move the job's bar."""
        if not self._bars.live.is_started:
            self._bars.start()
        if job.id not in self._tasks:
            self._tasks[job.id] = self._bars.add_task(name_of(job), total=100, stage="", left="")
        stage = job.status if job.is_finished else clean(job.stage or job.status)
        left = "" if job.eta_seconds is None else f"{remaining(job)} left"
        self._bars.update(self._tasks[job.id], completed=job.progress, stage=stage, left=left)

    def pause(self) -> None:
        """Take the bars away until there is news."""
        self._bars.stop()


def reporter_for(*, as_json: bool) -> Reporter:
    """The way to tell that suits where standard error leads."""
    if sys.stderr.isatty():
        return BarReporter()
    return QuietReporter() if as_json else LineReporter()


def follow(
    backend: Backend,
    job_ids: Sequence[str],
    reporter: Reporter,
    *,
    on_end: Callable[[Job], None] = lambda _job: None,
    on_look: Callable[[], None] = lambda: None,
) -> list[Job]:
    """Watch the jobs until all have ended. Ctrl-C leaves them safe in the ledger and says how to go on."""
    waiting, ended = list(job_ids), {}
    try:
        with reporter:
            while waiting:
                for job in [patiently(backend, partial(backend.job, job_id)) for job_id in waiting]:
                    reporter.tell(job)
                    if job.is_finished:
                        waiting.remove(job.id)
                        ended[job.id] = job
                        on_end(job)
                on_look()
                if waiting:
                    backend.attend(waiting)
                    time.sleep(backend.poll_seconds)
    except KeyboardInterrupt:
        _go_on(waiting)
        raise typer.Exit(INTERRUPTED) from None
    except errors.ServiceError:
        _go_on(waiting)
        raise
    return [ended[job_id] for job_id in job_ids]


def _go_on(job_ids: Sequence[str]) -> None:
    """Say that nothing is lost."""
    note("Stopped watching. The work is safe and goes on where it was:")
    for job_id in job_ids:
        note(f"  tenuto jobs watch {job_id}")


def patiently(backend: Backend, ask: Callable[[], Answer]) -> Answer:
    """What a server answers that has work of ours: where it is away meanwhile, wait until it is back, for a while."""
    deadline = None
    while True:
        try:
            found = ask()
        except errors.ServiceError as error:
            if not error.retryable or (deadline is not None and time.monotonic() > deadline):
                raise
            if deadline is None:
                if not backend.patience_seconds:
                    raise
                deadline = time.monotonic() + backend.patience_seconds
                note(f"{error.message} The work is safe there; waiting for {backend.patience_seconds:.0f} s at most.")
            time.sleep(backend.poll_seconds)
        else:
            if deadline is not None:
                note("The server is back.")
            return found


def name_of(job: Job) -> str:
    """What a person calls the job."""
    return clean(job.file_name or job.id)


def remaining(job: Job) -> str:
    """The time left, as a clock shows it."""
    return length((job.eta_seconds or 0) * SECOND_MS)
