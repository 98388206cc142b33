"""The worker processes beside a server: started with it, replaced when they die, led out in order."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.25
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
STABLE_SECONDS = 60.0


@dataclass
class Place:
    """A worker's place: who holds it, and how long to wait before it is given again."""

    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    due_at: float = 0.0


@dataclass
class Crew:
    """A number of workers that run the same command."""

    command: Sequence[str]
    size: int
    leaving: threading.Event = field(default_factory=threading.Event)  # Once it is set nobody is replaced.
    places: list[Place] = field(default_factory=list)

    def start(self) -> None:
        """Start all, and keep watch."""
        self.places = [Place() for _ in range(self.size)]
        for place in self.places:
            self._fill(place)
        self._watcher = threading.Thread(target=self._watch, name="crew", daemon=True)
        self._watcher.start()

    def stop(self, patience_seconds: float) -> None:
        """Ask all to leave, wait for that, and end those that do not."""
        self.leaving.set()
        self._watcher.join()
        processes = [place.process for place in self.places if place.process is not None]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + patience_seconds
        for process in processes:
            try:
                process.wait(max(deadline - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                logger.warning("A worker did not leave and is ended.", extra={"action": "worker_killed"})
                process.kill()
                process.wait()

    def _watch(self) -> None:
        while not self.leaving.wait(LOOK_SECONDS):
            for place in self.places:
                self._look(place)

    def _look(self, place: Place) -> None:
        moment = time.monotonic()
        if place.process is None:
            if moment >= place.due_at:
                self._fill(place)
            return
        code = place.process.poll()
        if code is None:
            return
        if moment - place.started_at > STABLE_SECONDS:
            place.pause = FIRST_PAUSE_SECONDS
        fields = {"action": "worker_died", "pid": place.process.pid, "exit_code": code, "again_in": place.pause}
        logger.error("A worker died; another takes its place.", extra=fields)
        place.process, place.due_at = None, moment + place.pause
        place.pause = min(place.pause * 2, LONGEST_PAUSE_SECONDS)

    def _fill(self, place: Place) -> None:
        place.started_at = time.monotonic()
        place.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
