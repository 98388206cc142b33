"""One worker judges the others at a time, and one that is frozen or dead meanwhile holds nothing up."""

import threading

import pytest

from tenuto.db.models import WorkerRow
from tenuto.db.work import EVERYONE


@pytest.fixture
def workers(database):
    """Two workers that live."""
    with database.unit_of_work(EVERYONE) as work:
        for name in ("one", "two"):
            work.workers.register(WorkerRow(executor_id=name, host="h", pid=1, pid_started=1.0, last_seen=0.0))
    return database


def begin(database, name, moment, seconds=10.0):
    with database.unit_of_work(EVERYONE) as work:
        return work.workers.begin_judging(name, moment, seconds=seconds)


def test_only_one_worker_judges_at_a_time(workers):
    assert [begin(workers, "one", 100.0), begin(workers, "two", 101.0), begin(workers, "one", 102.0)] == [
        True,
        False,
        True,
    ]


def test_who_is_done_lets_the_next_one_judge(workers):
    begin(workers, "one", 100.0)
    with workers.unit_of_work(EVERYONE) as work:
        work.workers.end_judging("one")
    assert begin(workers, "two", 101.0)


def test_a_worker_frozen_while_it_judges_loses_the_right(workers):
    begin(workers, "one", 100.0)
    assert begin(workers, "two", 110.5)


def test_a_dead_worker_holds_nothing(workers):
    begin(workers, "one", 100.0)
    with workers.unit_of_work(EVERYONE) as work:
        work.workers.mark_dead("one")
    assert begin(workers, "two", 101.0)


def test_of_two_at_once_one_judges(workers):
    start, won = threading.Barrier(2), []

    def run(name):
        start.wait()
        won.append(begin(workers, name, 100.0))

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, True]
