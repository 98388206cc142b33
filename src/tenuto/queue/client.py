"""The server's side of the durable engine: it queues, cancels and retries, and runs nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from tenuto import errors
from tenuto.db.connect import translate
from tenuto.db.models import JobRow
from tenuto.db.work import UnitOfWork
from tenuto.queue.port import Lane

if TYPE_CHECKING:
    from dbos import DBOSClient

WORKFLOW = "run_job"
BATCH = 500
ENDING_SECONDS = 2.0
DEFAULT_LANE = "cpu"
ACTIVE = ("PENDING", "ENQUEUED", "DELAYED")
logging.getLogger("dbos").setLevel(logging.WARNING)


def migrate(engine: Engine) -> None:
    """Create or update the engine's own tables."""
    from dbos import DBOSPortableJSONSerializer  # noqa: PLC0415 - takes a second to import
    from dbos._sys_db import SystemDatabase  # noqa: PLC0415 - the public way opens its own, older SQLite

    plain = engine
    if engine.dialect.name == "sqlite":
        # Its migrations begin their own transaction, which our engine's begin event would get in the way of.
        plain = create_engine(engine.url, module=engine.dialect.dbapi, isolation_level="AUTOCOMMIT")
    system = SystemDatabase.create(
        system_database_url="sqlite:///given" if engine.dialect.name == "sqlite" else "postgresql://given/given",
        engine_kwargs={},
        engine=plain,
        schema="dbos",
        serializer=DBOSPortableJSONSerializer(),
        executor_id=None,
    )
    try:
        system.run_migrations()
    except SQLAlchemyError as error:
        raise translate(error) from error
    finally:
        if plain is not engine:
            plain.dispose()


def is_migrated(engine: Engine) -> bool:
    """Whether the engine's tables are there at all."""
    schema = None if engine.dialect.name == "sqlite" else "dbos"
    return inspect(engine).has_table("workflow_status", schema=schema)


@dataclass(frozen=True)
class EngineState:
    """What the engine knows of a job; an empty status when it knows nothing."""

    status: str
    lane: str
    executor_id: str


class EngineClient:
    """`JobQueue` on the durable engine."""

    def __init__(self, engine: Engine, lanes: Sequence[Lane]) -> None:
        self.engine = engine
        self.lanes = {lane.name: lane for lane in lanes}

    @cached_property
    def client(self) -> DBOSClient:
        """The engine's own client, made when it is first needed: it takes a second to import."""
        from dbos import DBOSClient, DBOSPortableJSONSerializer  # noqa: PLC0415 - see above

        return DBOSClient(
            system_database_engine=self.engine,
            serializer=DBOSPortableJSONSerializer(),
            lazy=True,
            retry_connection_errors=False,
        )

    def partitioned(self, lane: Lane) -> bool:
        """On PostgreSQL a limit over all workers is exact only for a partition."""
        return lane.everywhere is not None and self.engine.dialect.name == "postgresql"

    def open_lanes(self, lanes: Sequence[Lane], poll_seconds: float, application: str) -> None:
        """Make the engine know these lanes and their limits."""
        for lane in lanes:
            exact = {"partition_concurrency": lane.everywhere} if self.partitioned(lane) else {}
            settings: dict[str, Any] = {"global_concurrency": lane.everywhere, **exact}
            with _translated():
                self.client.register_queue(
                    lane.name,
                    worker_concurrency=min(lane.per_worker, lane.everywhere or lane.per_worker),
                    polling_interval_sec=poll_seconds,
                    on_conflict="always_update",
                    application_name=application,
                    **settings,
                )

    def enqueue(self, work: UnitOfWork, job: JobRow) -> None:
        """Queue the job in the very transaction that writes its row."""
        self.client.enqueue_in_transaction(work.session, self._options(job), job.uid)  # type: ignore[arg-type]

    def lane_of(self, job: JobRow) -> Lane:
        """The lane a job waits in; the settings may have lost the one it was given."""
        return self.lanes.get(job.lane) or self.lanes[DEFAULT_LANE]

    def _options(self, job: JobRow) -> dict[str, Any]:
        lane = self.lane_of(job)
        options: dict[str, Any] = {
            "workflow_name": WORKFLOW,
            "queue_name": lane.name,
            "workflow_id": job.uid,
            "priority": 10 - job.priority,  # The engine serves small numbers first, people expect large ones first.
            "workflow_id_reuse_policy": "reject",
        }
        if self.partitioned(lane):
            options["queue_partition_key"] = "all"
        return options

    def cancel(self, job_uid: str) -> None:
        """Take a job that nobody runs out of its queue."""
        with _translated():
            self.client.cancel_workflow(job_uid)

    def retry(self, job: JobRow) -> None:
        """Queue a finished job again: each step is asked once more, and a finished one answers from the ledger."""
        deadline = time.monotonic() + ENDING_SECONDS
        while (state := self.state(job.uid)).status == "PENDING" and time.monotonic() < deadline:
            time.sleep(0.02)  # The ledger said how the job ended a moment before its workflow did.
        self.put_in_line(job, state)

    def put_in_line(self, job: JobRow, state: EngineState) -> bool:
        """Make the engine agree that the job waits; whether that took something."""
        options = self._options(job)
        lane, key = options["queue_name"], options.get("queue_partition_key")
        with _translated():
            if state.status == "":  # It ended so long ago, or crashed so early, that the engine knows nothing of it.
                self.client.enqueue(options, job.uid)  # type: ignore[arg-type]
            elif state.status == "PENDING":
                return False  # Somebody runs it; when that is a dead worker, the take-over sees to it.
            elif state.status in ACTIVE:
                if state.lane in self.lanes:
                    return False
                self.client.cancel_workflow(job.uid)  # No worker listens to that lane any more.
                self.client.rewind_workflow(job.uid, start_step=1, queue_name=lane, queue_partition_key=key)
            else:
                self.client.rewind_workflow(job.uid, start_step=1, queue_name=lane, queue_partition_key=key)
        return True

    def waits_right(self, state: EngineState) -> bool:
        """Whether a job waits in a lane that workers listen to."""
        return state.status in ACTIVE and state.status != "PENDING" and state.lane in self.lanes

    def resume(self, job: JobRow) -> None:
        """Give a job whose worker died back to its queue."""
        with _translated():
            self.client.resume_workflow(job.uid, queue_name=self.lane_of(job).name)

    def forget(self, job_uids: Sequence[str]) -> None:
        """Drop all the engine knows of jobs that were deleted."""
        with _translated():
            self.client.delete_workflows(list(job_uids))

    def forget_ended_before(self, moment: datetime) -> int:
        """Drop the engine's record of what ended long ago; the ledger keeps its own."""
        forgotten = 0
        while True:
            with _translated():
                found = self.client.list_workflows(
                    status=["SUCCESS", "ERROR", "CANCELLED"],
                    completed_before=moment.isoformat(),
                    limit=BATCH,
                    load_input=False,
                    load_output=False,
                )
                if found:
                    self.client.delete_workflows([item.workflow_id for item in found])
            forgotten += len(found)
            if len(found) < BATCH:
                return forgotten

    def state(self, job_uid: str) -> EngineState:
        """What the engine knows of a job."""
        return self.states([job_uid])[job_uid]

    def states(self, job_uids: Sequence[str]) -> dict[str, EngineState]:
        """What the engine knows of each of these jobs."""
        with _translated():
            found = self.client.list_workflows(workflow_ids=list(job_uids), load_input=False, load_output=False)
        known = {
            item.workflow_id: EngineState(item.status, item.queue_name or "", item.executor_id or "") for item in found
        }
        return {uid: known.get(uid, EngineState("", "", "")) for uid in job_uids}

    def running_under(self, executor_ids: Sequence[str]) -> list[str]:
        """Jobs the engine believes to run under these executors."""
        found = self.client.list_workflows(
            status="PENDING",
            executor_id=list(executor_ids),
            load_input=False,
            load_output=False,
        )
        return [item.workflow_id for item in found]

    def close(self) -> None:
        """Let go of what the client holds."""
        if "client" in self.__dict__:
            self.client.destroy()


class _translated:  # noqa: N801 - reads as a phrase
    """Database errors of the engine become ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SQLAlchemyError):
            raise translate(error) from error
        if error is not None and type(error).__module__.startswith("dbos"):
            raise errors.ConflictError(f"The queue refused this: {error}") from error
