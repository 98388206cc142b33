"""The worker: launch the engine, keep watch, and leave in order when told to."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Collection
from types import FrameType

from tenuto import __version__
from tenuto.bootstrap import Tenuto, Worker, build_worker

logger = logging.getLogger(__name__)
TICK_SECONDS = 0.5
SEND_GRACE_SECONDS = 5.0  # for webhooks that are to hear of the last jobs


class WorkerProcess:
    """One worker in this process, started and stopped from outside."""

    def __init__(self, house: Tenuto, *, concurrency: int | None = None, kinds: Collection[str] = ()) -> None:
        self.house = house
        self.worker: Worker = build_worker(house, concurrency=concurrency, kinds=kinds)
        self.stopping = threading.Event()
        self.interrupted = threading.Event()

    def start(self) -> None:
        """Register, take over from the dead, then take jobs."""
        settings = self.house.settings
        self.worker.liveness.start(__version__, [lane.name for lane in self.worker.lanes])
        self.house.upkeep.clear_work_folders()
        self.worker.engine.launch(
            self.worker.lanes,
            self.house.upkeep.cleanup_old_audio_files,
            settings.cleanup_interval_minutes,
        )
        self.worker.sender.start()
        fields = {"action": "worker_started", "worker_id": self.worker.engine.executor_id}
        logger.info("A worker started.", extra={**fields, "lanes": [lane.name for lane in self.worker.lanes]})

    def drop_idle(self) -> None:
        """Let go of engines nobody used for a while."""
        for pool in self.worker.children.values():
            pool.drop_stale()

    @property
    def paid_calls(self) -> int:
        """How many calls are under way that a stop waits for."""
        return self.worker.unbroken.begun

    def stop(self, grace_seconds: int) -> None:
        """Take no more jobs, let the running ones finish within the grace, give back the rest.

        A call that is paid is waited for, however long the service takes; a second Ctrl-C ends that.
        """
        self.worker.engine.stop(grace_seconds)
        self._finish_paid_calls()
        self.worker.liveness.stop()
        self.worker.sender.stop(SEND_GRACE_SECONDS)
        for pool in self.worker.children.values():
            pool.close()
        left = len(self.worker.engine.running)
        self.worker.engine.wait_for_threads()
        self.house.upkeep.clear_work_folders()
        logger.info("A worker stopped.", extra={"action": "worker_stopped", "left": left})

    def _finish_paid_calls(self) -> None:
        left = 0
        try:
            left = self.worker.unbroken.finish()
        except KeyboardInterrupt:
            self.worker.unbroken.hurry.set()
            left = self.worker.unbroken.finish()
        if left:
            fields = {"action": "paid_calls_cut", "calls": left}
            logger.warning("Calls that are paid were cut off; they will be made again.", extra=fields)


def work(
    house: Tenuto,
    *,
    concurrency: int | None = None,
    kinds: Collection[str] = (),
    drain: bool = False,
    parent_pid: int | None = None,
) -> None:
    """Work until told to stop by SIGTERM or SIGINT, until nothing is left (`drain`), or until the parent is gone."""
    process = WorkerProcess(house, concurrency=concurrency, kinds=kinds)

    def _stop(number: int, _frame: FrameType | None) -> None:
        # A server's SIGTERM may follow its terminal's Ctrl-C: only the person pressing it twice is in a hurry.
        if number == signal.SIGINT and process.interrupted.is_set():
            process.worker.unbroken.hurry.set()
        if number == signal.SIGINT:
            process.interrupted.set()
        process.stopping.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    process.start()
    while not process.stopping.wait(TICK_SECONDS):
        process.drop_idle()
        if drain and not house.processing.unfinished(kinds):
            break
        if parent_pid is not None and os.getppid() != parent_pid:
            logger.warning("The server is gone; the worker stops.", extra={"action": "parent_gone"})
            break
    process.stop(house.settings.drain_seconds)
    house.close()
    # Threads of jobs that were given back may still be waiting for their children; nothing of theirs is wanted.
    logging.shutdown()
    os._exit(0)
