"""Workers beside a server, played by small processes."""

import logging
import os
import signal
import sys
import time

import pytest

from tenuto.api import crew as crew_module
from tenuto.api.crew import Crew

WAITS = [sys.executable, "-c", "import signal; signal.sigwait({signal.SIGTERM})"]
DIES = [sys.executable, "-c", "raise SystemExit(3)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()",
]


@pytest.fixture
def crew_of():
    crews = []

    def start(command, size=1):
        crews.append(Crew(command, size))
        crews[-1].start()
        return crews[-1]

    yield start
    for crew in crews:
        crew.stop(5)


def await_that(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_crew_starts_and_leaves_in_order(crew_of):
    crew = crew_of(WAITS, 2)
    processes = [place.process for place in crew.places]
    assert [process.poll() for process in processes] == [None, None]
    crew.stop(20)
    assert all(process.returncode in (0, -signal.SIGTERM) for process in processes)


def test_a_worker_that_died_is_replaced(crew_of, monkeypatch, caplog):
    monkeypatch.setattr(crew_module, "FIRST_PAUSE_SECONDS", 0.0)
    crew = crew_of(WAITS)
    crew.places[0].pause = 0.0
    first = crew.places[0].process
    with caplog.at_level(logging.ERROR):
        os.kill(first.pid, signal.SIGKILL)
        await_that(lambda: crew.places[0].process not in (None, first))
    assert [(record.action, record.exit_code) for record in caplog.records] == [("worker_died", -9)]


def test_a_crew_that_is_leaving_replaces_nobody(crew_of):
    crew = crew_of(WAITS)
    crew.places[0].pause = 0.0
    crew.leaving.set()
    crew._watcher.join(30)
    crew.places[0].process.kill()
    crew.stop(5)
    assert crew.places[0].process.returncode == -signal.SIGKILL


def test_a_worker_that_dies_again_and_again_waits_longer_each_time(crew_of):
    crew = crew_of(DIES)
    await_that(lambda: crew.places[0].pause >= 4.0)
    assert crew.places[0].process is None


def test_a_worker_that_does_not_leave_is_ended(crew_of):
    crew = crew_of(STUBBORN)
    process = crew.places[0].process
    crew.stop(0.2)
    assert process.returncode in (-signal.SIGKILL, -signal.SIGTERM)


def test_no_crew_is_fine(crew_of):
    assert crew_of(WAITS, 0).places == []
