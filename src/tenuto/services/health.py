"""HealthService: one honest report for /health, doctor and the pages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from tenuto import errors
from tenuto.db import migrate
from tenuto.db.work import EVERYONE, Database
from tenuto.domain.jobs import JobStatus
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig
from tenuto.media.office import INSTALL, find_office
from tenuto.queue.liveness import serves, workers_alive
from tenuto.storage.base import StorageService

OK, WARN, FAIL = "ok", "warning", "failing"


@dataclass(frozen=True)
class Component:
    """How one part is."""

    name: str
    status: str
    detail: str
    latency_ms: float


@dataclass(frozen=True)
class Report:
    """How all parts are."""

    status: str
    components: tuple[Component, ...]

    @property
    def ready(self) -> bool:
        """Whether requests can be served."""
        return self.status != FAIL


class HealthService:
    """Asks every part that can fail."""

    def __init__(
        self,
        database: Database,
        storage: StorageService,
        engines: EngineConfig,
        *,
        disk_floor_bytes: int,
        deadline_seconds: float,
    ) -> None:
        self.database, self.storage, self.engines = database, storage, engines
        self.disk_floor_bytes, self.deadline_seconds = disk_floor_bytes, deadline_seconds

    def report(self) -> Report:
        """Look at everything."""
        parts = (
            self._ask("database", self._database),
            self._ask("queue", self._queue),
            self._ask("storage", self._storage),
            self._ask("engines", self._engines),
            self._ask("slides", _slides),
        )
        worst = FAIL if any(part.status == FAIL for part in parts) else WARN
        return Report(OK if all(part.status == OK for part in parts) else worst, parts)

    def _ask(self, name: str, question: Callable[[], tuple[str, str]]) -> Component:
        started = time.perf_counter()
        try:
            status, detail = question()
        except errors.TenutoError as error:
            status, detail = FAIL, error.message
        return Component(name, status, detail, round((time.perf_counter() - started) * 1000, 1))

    def _database(self) -> tuple[str, str]:
        migrate.require_current(self.database.engine)
        pool = self.database.pool_numbers()
        return OK, f"{self.database.ping()}; {pool['in_use']} of {pool['size']} connections in use"

    def workers_alive(self) -> int:
        """How many workers take jobs now."""
        with self.database.reading(EVERYONE) as work:
            return len(workers_alive(work, self.deadline_seconds))

    def nobody_for(self, uids: Collection[str]) -> bool:
        """Whether no worker lives, or none that takes jobs from a lane in which one of these waits."""
        with self.database.reading(EVERYONE) as work:
            living = workers_alive(work, self.deadline_seconds)
            lanes = work.jobs.lanes_of(uids)
        return not living or any(not any(serves(worker, lane) for worker in living) for lane in lanes)

    def _queue(self) -> tuple[str, str]:
        with self.database.reading(EVERYONE) as work:
            moment = work.now_epoch()
            living = workers_alive(work, self.deadline_seconds)
            waiting = work.jobs.with_status(JobStatus.QUEUED, limit=1)
            lanes, holders = work.jobs.lanes_waiting(), work.jobs.holders()
        oldest = waiting[0].queued_at if waiting else None
        waits = f"the oldest job waits for {moment - oldest.timestamp():.0f} s" if oldest else "no job waits"
        known = {worker.executor_id for worker in living}
        lost = sum(count for worker, count in holders.items() if worker not in known)
        held = f"; {lost} job(s) are held by workers that are gone and go on when another takes over" if lost else ""
        if not living:
            return WARN, f"no worker is running, start one with `tenuto work`; {waits}{held}"
        unserved = sorted(lane for lane in lanes if not any(serves(worker, lane) for worker in living))
        if unserved:
            return WARN, (
                f"{len(living)} worker(s) running, and none of them takes the jobs that wait in {', '.join(unserved)};"
                f" start one with `tenuto work`; {waits}{held}"
            )
        return (WARN if lost else OK), f"{len(living)} worker(s) running; {waits}{held}"

    def _storage(self) -> tuple[str, str]:
        detail = self.storage.check()
        free = shutil.disk_usage(self.storage.spool_dir()).free
        if free < self.disk_floor_bytes:
            return FAIL, f"{detail} Only {free >> 20} MB are free; uploads are refused."
        return OK, detail

    def _engines(self) -> tuple[str, str]:
        # Whether a model could be fetched is for `tenuto engines`: asking the hub takes seconds.
        reports = registry.reports(replace(self.engines, allow_fetch=False))
        ready = [report.name for report in reports if report.ready]
        told = f"ready: {', '.join(ready) or 'none'}"
        able = {report.name: report for report in reports if registry.kind_of(report.name) == registry.TRANSCRIBER}
        if any(report.ready for report in able.values()):
            return OK, told
        if self.engines.allow_fetch and any(report.fetchable for report in able.values()):
            return WARN, f"nothing can transcribe before its model is fetched, at first use; {told}"
        missing = " ".join(f"{name}: {report.detail}" for name, report in able.items())
        return FAIL, f"nothing can transcribe. {missing} {told}"


def _slides() -> tuple[str, str]:
    found = find_office()
    if found is None:
        return OK, f"simple pictures of slides only; {INSTALL} for true ones"
    return OK, f"drawn by LibreOffice at {found}"
