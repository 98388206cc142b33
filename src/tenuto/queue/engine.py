"""The worker's side of the durable engine: it takes jobs from lanes and has them run, step by step."""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from tenuto import errors
from tenuto.queue.client import WORKFLOW, EngineClient
from tenuto.queue.port import JobRunner, Lane

logger = logging.getLogger(__name__)

# Part of every queued job's identity: it stays as it is, or an upgrade would strand jobs in flight.
APPLICATION_VERSION = "1"
APPLICATION = "tenuto"
NOTICE_SECONDS = 5.0
# How long the engine's listener for messages, which nobody here sends, sleeps at a time: a stop waits for it.
LISTENER_SECONDS = 0.1
NO_LIMIT = 1_000_000  # Takeovers are counted in our ledger; the engine's own cap must never be met.


class DurableEngine:
    """One per process: the engine keeps its workflows in a global registry."""

    def __init__(self, client: EngineClient, runner: JobRunner, executor_id: str, *, poll_seconds: float) -> None:
        self.client, self.runner, self.executor_id, self.poll_seconds = client, runner, executor_id, poll_seconds
        self.running: set[str] = set()

    def launch(self, lanes: Sequence[Lane], sweep: Callable[[], object], sweep_minutes: float) -> None:
        """Start taking jobs from the lanes, and sweep on time, once over all workers."""
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self.client.engine,
            "system_database_url": None,
            "executor_id": self.executor_id,
            "application_version": APPLICATION_VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "run_migrations": False,
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": LISTENER_SECONDS,
            "log_level": "ERROR",
            "console_log_level": "ERROR",
        }
        DBOS(config=config)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=NO_LIMIT)
        def run_job(job_uid: str) -> str:  # The engine marks what it registers, which a bound method does not allow.
            return self._run_job(job_uid)

        self._sweep = DBOS.workflow(name="sweep")(_scheduled(sweep))
        DBOS.listen_queues([lane.name for lane in lanes])
        # Before the launch: a queue that comes later is found a second later.
        self.client.open_lanes(lanes, self.poll_seconds, APPLICATION)
        DBOS.launch()
        if sweep_minutes:
            schedule = {"schedule_name": "sweep", "workflow_fn": self._sweep, "schedule": cron(sweep_minutes)}
            DBOS.apply_schedules([schedule])  # type: ignore[list-item]
        else:
            DBOS.delete_schedule("sweep")

    def _run_job(self, job_uid: str) -> str:
        """The one workflow. It is replayed from its top after a takeover, so it only asks the ledger what to do."""
        self.running.add(job_uid)
        try:
            for step in self.runner.begin(job_uid):
                problem = DBOS.run_step({"name": step}, self._run_step, job_uid, step)
                if problem:
                    raise errors.from_code(problem["code"], problem["message"])
            self.runner.finish(job_uid)
        except errors.Fenced as error:
            # Somebody else holds the job, or nobody wants it any more: nothing here may touch it.
            self.runner.let_go(job_uid)
            logger.info("A job was let go.", extra={"action": "job_fenced", "job_id": job_uid, "detail": str(error)})
        except errors.TenutoError as error:
            self.runner.fail(job_uid, error)
        finally:
            self.running.discard(job_uid)
        return job_uid

    def _run_step(self, job_uid: str, step: str) -> dict[str, str]:
        """Return what went wrong rather than raise it: the engine would replay a foreign exception after a crash."""
        try:
            self.runner.run_step(job_uid, step)
        except errors.Fenced:
            raise
        except errors.TenutoError as error:
            return {"code": error.code, "message": error.message}
        return {}

    def stop(self, grace_seconds: int) -> None:
        """Take no more jobs, and give the running ones some time."""
        # Where a grace is given, the engine sleeps through its first second even when nothing runs.
        grace_seconds = grace_seconds if self.running else 0
        DBOS.destroy(workflow_completion_timeout_sec=grace_seconds, destroy_registry=True)
        # Jobs that are given back end in its threads with long complaints that tell nobody anything.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)

    def wait_for_threads(self) -> None:
        """Wait until the threads of jobs that were given back have noticed; they have no children to wait for."""
        deadline = time.monotonic() + NOTICE_SECONDS
        while self.running and time.monotonic() < deadline:
            time.sleep(0.02)


def new_executor_id() -> str:
    """A name no worker had before."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def cron(minutes: float) -> str:
    """The schedule with even steps that a clock can keep, at least as often as asked and once a day."""
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"*/{_even_step(60, minutes)} * * * *"
    hours = _even_step(24, minutes / 60)
    return "0 0 * * *" if hours == 24 else f"0 */{hours} * * *"  # noqa: PLR2004 - hours in a day


def _even_step(whole: int, wanted: float) -> int:
    return max(step for step in range(1, whole + 1) if whole % step == 0 and step <= max(1, wanted))


def _scheduled(action: Callable[[], object]) -> Callable[[datetime, Any], None]:
    def sweep(_planned: datetime, _context: Any) -> None:
        try:
            action()
        except errors.TenutoError as error:
            logger.warning("A sweep failed.", extra={"action": "sweep_failed", "detail": error.message})

    return sweep
