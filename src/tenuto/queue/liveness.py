"""Beat, judge, take over, reconcile: what keeps a job from being lost with its worker."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenuto import errors
from tenuto.db.models import JobRow, WorkerRow
from tenuto.db.work import EVERYONE, Database, UnitOfWork
from tenuto.domain.jobs import JobStatus
from tenuto.queue.client import ACTIVE, BATCH, EngineClient, EngineState

logger = logging.getLogger(__name__)
JUDGING_SECONDS = 10.0  # A round takes milliseconds; every change it makes compares before it sets.
FORGOTTEN_SECONDS = 86_400.0  # A worker dead for a day holds nothing any more.


@dataclass(frozen=True)
class LivenessOptions:
    """How fast a lost worker is noticed and how often a job may lose one."""

    beat_seconds: float = 5.0
    deadline_seconds: float = 60.0
    reconcile_seconds: float = 30.0
    max_takeovers: int = 3


class Liveness:
    """One thread per worker."""

    def __init__(self, database: Database, client: EngineClient, executor_id: str, options: LivenessOptions) -> None:
        self.database, self.client, self.executor_id, self.options = database, client, executor_id, options
        self.on_fenced: Callable[[], None] = _exit_at_once
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="liveness", daemon=True)

    def start(self, version: str, lanes: Sequence[str] | None = None) -> None:
        """Register this worker, take over from those this machine knows to be dead, then keep watch."""
        host, pid = this_host(), os.getpid()
        started = process_started(pid) or 0.0

        def register(work: UnitOfWork) -> None:
            work.workers.register(
                WorkerRow(
                    executor_id=self.executor_id,
                    host=host,
                    pid=pid,
                    pid_started=started,
                    last_seen=work.now_epoch(),
                    version=version,
                    lanes=None if lanes is None else list(lanes),
                ),
            )

        self.database.patiently(register)
        self.look_after(trusted=False)
        self._thread.start()

    def stop(self) -> None:
        """Leave in order: this worker is gone for good, says so, and gives back what it did not finish."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self.database.patiently(lambda work: work.workers.mark_dead(self.executor_id))
        self._take_over([self.executor_id], left_in_order=True)

    def _run(self) -> None:
        beaten = unbroken_since = reconciled = time.monotonic()
        while not self._stop.wait(self.options.beat_seconds):
            try:
                if not self._beat():
                    self.on_fenced()
                    return
                moment = time.monotonic()
                # After an outage or a pause everybody looks dead; whoever judged then would take over from the living.
                if moment - beaten > 2 * self.options.beat_seconds + 1:
                    unbroken_since = moment
                beaten = moment
                trusted = moment - unbroken_since > self.options.deadline_seconds
                self.look_after(trusted=trusted)
                if moment - reconciled > self.options.reconcile_seconds:
                    self.reconcile()
                    reconciled = moment
            except Exception:  # The watch must go on, whatever one round met.
                logger.exception("A round of the watch failed.", extra={"action": "liveness_failed"})

    def _beat(self) -> bool:
        with self.database.unit_of_work(EVERYONE) as work:
            return work.workers.beat(self.executor_id, work.now_epoch())

    def look_after(self, *, trusted: bool) -> None:
        """Declare lost workers dead and give their jobs back. Silence alone counts only when `trusted`."""
        with self._only_one() as alone:
            if not alone:
                return
            with self.database.unit_of_work(EVERYONE) as work:
                moment = work.now_epoch()
                for worker in work.workers.living():
                    silent = moment - worker.last_seen > self.options.deadline_seconds
                    if worker.executor_id != self.executor_id and (is_gone(worker) or (trusted and silent)):
                        work.workers.mark_dead(worker.executor_id)
                        fields = {"action": "worker_lost", "worker_id": worker.executor_id, "silent": silent}
                        logger.warning("A worker was lost.", extra=fields)
                dead = [worker.executor_id for worker in work.workers.dead_since(moment - FORGOTTEN_SECONDS)]
            if dead:
                self._take_over(dead)

    def _take_over(self, dead: list[str], *, left_in_order: bool = False) -> None:
        with self.database.unit_of_work(EVERYONE) as work:
            held = [job.uid for job in work.jobs.held_by(dead)]
        for job_uid in dict.fromkeys([*held, *self.client.running_under(dead)]):
            with self._one_job(job_uid):
                job = self._release(job_uid, dead, left_in_order=left_in_order)
                if job is None:
                    self.client.cancel(job_uid)
                else:
                    self._put_in_line(job, lambda executor_id: executor_id in dead)

    @contextlib.contextmanager
    def _one_job(self, job_uid: str) -> Iterator[None]:
        """One job that cannot be mended must not keep the others from it."""
        try:
            yield
        except (errors.Fenced, errors.InvalidTransition):
            pass  # Somebody else saw to it meanwhile.
        except Exception:
            logger.exception("A job could not be mended.", extra={"action": "mending_failed", "job_id": job_uid})

    def _release(self, job_uid: str, dead: list[str], *, left_in_order: bool = False) -> JobRow | None:
        """Put the job back in line and return it, or None when it is not to run again."""
        with self.database.unit_of_work(EVERYONE) as work:
            try:
                job = work.jobs.get_by_id(job_uid)
            except errors.NotFound:
                return None
            if job.status is JobStatus.PROCESSING:
                if job.worker_id not in dead:
                    raise errors.Fenced(f"Job {job_uid} is held by {job.worker_id}.")
                self._give_back(work, job, left_in_order=left_in_order)
            return job if job.status is JobStatus.QUEUED else None

    def _give_back(self, work: UnitOfWork, job: JobRow, *, left_in_order: bool) -> None:
        lost = job.worker_id
        if job.cancel_requested:
            work.jobs.move(job, JobStatus.CANCELLED, actor=self.executor_id, message="cancelled; its worker was lost")
            return
        if left_in_order:
            message = f"worker {lost} was stopped; the finished steps are kept"
            work.jobs.move(job, JobStatus.QUEUED, actor=self.executor_id, message=message)
            return
        if job.takeovers + 1 > self.options.max_takeovers:
            error = errors.PoisonJob(
                f"The job was running each of the {job.takeovers + 1} times its worker died; it is not tried again."
                " Look at the input, then retry it.",
            )
            work.jobs.move(
                job,
                JobStatus.FAILED,
                actor=self.executor_id,
                message=error.message,
                error_code=error.code,
                error_message=error.message,
            )
            return
        work.jobs.move(
            job,
            JobStatus.QUEUED,
            actor=self.executor_id,
            message=f"worker {lost} was lost; the finished steps are kept",
            takeovers=job.takeovers + 1,
        )
        logger.warning(
            "A job was taken over.", extra={"action": "job_taken_over", "job_id": job.uid, "worker_id": lost}
        )

    def reconcile(self) -> None:
        """Compare the ledger with the engine and mend what a crash between the two left behind."""
        with self._only_one() as alone:
            if not alone:
                return
            with self.database.unit_of_work(EVERYONE) as work:
                horizon = work.now_epoch() - self.options.reconcile_seconds
                living = {worker.executor_id for worker in work.workers.living()}
            for job, state in self._each(JobStatus.QUEUED):
                if job.queued_at is None or job.queued_at.timestamp() < horizon:
                    with self._one_job(job.uid):
                        self._mend_queued(job, state, living)
            for job, state in self._each(JobStatus.PROCESSING):
                if job.updated_at.timestamp() < horizon:
                    with self._one_job(job.uid):
                        self._mend_processing(job, state, living)

    def _each(self, status: JobStatus) -> Iterator[tuple[JobRow, EngineState]]:
        """Jobs in a status with what the engine knows of them, asked for by the page: thousands may wait."""
        jobs = self.database.each(lambda work, after: work.jobs.with_status(status, after_id=after))
        while page := list(itertools.islice(jobs, BATCH)):
            states = self.client.states([job.uid for job in page])
            yield from ((job, states[job.uid]) for job in page)

    def _put_in_line(self, job: JobRow, is_lost: Callable[[str], bool], state: EngineState | None = None) -> bool:
        """Make the engine agree that the job waits, unless a worker that is not lost has just taken it."""
        state = state or self.client.state(job.uid)
        if state.status == "PENDING" and is_lost(state.executor_id):
            self.client.resume(job)
            return True
        return self.client.put_in_line(job, state)

    def _mend_queued(self, job: JobRow, state: EngineState, living: set[str]) -> None:
        if self.client.waits_right(state):
            return
        # It may have run since the ledger was read; the engine hears of an end after the ledger, so this order tells.
        state = self.client.state(job.uid)
        with self.database.reading(EVERYONE) as work:
            fresh = work.jobs.get(job.id)
        if fresh.status is not JobStatus.QUEUED or fresh.queued_at != job.queued_at:
            return
        if self._put_in_line(job, lambda executor_id: executor_id not in living, state):
            fields = {"action": "job_mended", "job_id": job.uid}
            logger.warning("A queued job was missing in the engine or waited where nobody looks.", extra=fields)

    def _mend_processing(self, job: JobRow, state: EngineState, living: set[str]) -> None:
        """Give back what nobody runs: its worker is gone, or its workflow ended without telling the ledger."""
        if job.worker_id in living and state.status in ACTIVE:
            return
        released = self._release(job.uid, [job.worker_id or ""])
        if released is not None:
            self._put_in_line(released, lambda executor_id: executor_id not in living)

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[bool]:
        """Whether this worker may judge now; a worker that is frozen while it does loses the right with time."""
        seconds = min(JUDGING_SECONDS, self.options.deadline_seconds)
        with self.database.unit_of_work(EVERYONE) as work:
            alone = work.workers.begin_judging(self.executor_id, work.now_epoch(), seconds=seconds)
        try:
            yield alone
        finally:
            if alone:
                with self.database.unit_of_work(EVERYONE) as work:
                    work.workers.end_judging(self.executor_id)


def this_host() -> str:
    """A name for what shares our process numbers: machine, boot and process namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        boot = namespace = ""
    return f"{socket.gethostname()} {boot} {namespace}"


def process_started(pid: int) -> float | None:
    """When the process started, in the kernel's ticks, or None when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else float(fields[19])


def is_gone(worker: WorkerRow) -> bool:
    """Whether a worker of this very host is certainly no more."""
    if worker.host != this_host() or not Path("/proc/self/stat").exists():
        return False
    return process_started(worker.pid) != worker.pid_started


def workers_alive(work: UnitOfWork, deadline_seconds: float) -> list[WorkerRow]:
    """Workers heard of lately, without those of this machine whose process is known to be gone."""
    moment = work.now_epoch()
    living = work.workers.living()
    return [worker for worker in living if moment - worker.last_seen < deadline_seconds and not is_gone(worker)]


def serves(worker: WorkerRow, lane: str) -> bool:
    """Whether a worker takes jobs from a lane; one that does not say takes all."""
    return worker.lanes is None or lane in worker.lanes


def _exit_at_once() -> None:
    logger.error("This worker was declared dead by another and stops.", extra={"action": "worker_fenced"})
    os._exit(75)
