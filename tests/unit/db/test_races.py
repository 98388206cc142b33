"""Two transactions that cross: what one of them read is no longer so when it writes."""

import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from databases import add_owner, database_on
from tenuto import errors
from tenuto.db.models import BUILT_IN_OWNER
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from unit.db.ledger_checks import check_ledger
from unit.db.racing import race
from unit.db.rows import new_file, new_job, submit
from warm_start import WarmProcess

OWNER = BUILT_IN_OWNER
RACING = Path(__file__).with_name("racing.py")
HERE = Path(__file__).parent


def change(database, uid, act):
    with database.unit_of_work(EVERYONE) as work:
        return act(work, work.jobs.get_by_id(uid))


def claim(database, uid, worker):
    return change(database, uid, lambda work, job: work.jobs.claim(job, worker))


def move(database, uid, target, **values):
    return change(database, uid, lambda work, job: work.jobs.move(job, target, actor="somebody", **values))


def test_a_worker_that_lost_its_job_cannot_end_it_under_the_next_worker(database):
    job = submit(database, OWNER)
    seen = claim(database, job.uid, "first")
    move(database, job.uid, JobStatus.QUEUED)
    claim(database, job.uid, "second")
    with pytest.raises(errors.InvalidTransition, match="changed meanwhile"), database.unit_of_work(EVERYONE) as work:
        work.jobs.move(work.session.merge(seen, load=False), JobStatus.COMPLETED, actor="first")
    check_ledger(database)


def test_a_deleted_job_was_not_retried_meanwhile(database):
    job = submit(database, OWNER)
    seen = move(database, job.uid, JobStatus.CANCELLED)
    move(database, job.uid, JobStatus.QUEUED)
    with pytest.raises(errors.InvalidTransition, match="changed meanwhile"), database.unit_of_work(EVERYONE) as work:
        work.jobs.delete(work.session.merge(seen, load=False))
    check_ledger(database)


def test_a_file_deleted_twice_is_counted_once(database):
    with database.unit_of_work(OWNER) as work:
        kept, gone = work.files.add(new_file()), work.files.add(new_file())
    with database.unit_of_work(OWNER) as work:
        work.files.delete(work.files.get(gone.id))
    with pytest.raises(errors.NotFound), database.unit_of_work(OWNER) as work:
        work.files.delete(work.session.merge(gone, load=False))
    with database.reading(OWNER) as work:
        assert [(count, size) for _, _, count, size in work.files.totals()] == [(1, kept.size_bytes)]


def test_a_file_with_a_waiting_job_stays(database):
    with database.unit_of_work(OWNER) as work:
        file = work.files.add(new_file())
        work.jobs.submit(new_job(file_id=file.id), actor="owner")
    with pytest.raises(errors.ConflictError, match="still needs this file"), database.unit_of_work(OWNER) as work:
        work.files.delete(work.files.get(file.id))


def both_at_once(first, second):
    """Run two functions that meet at a barrier inside their transactions; their errors, None for success."""
    meet, ends = threading.Barrier(2), [None, None]

    def run(index, function):
        try:
            function(meet)
        except errors.TenutoError as error:
            ends[index] = error

    finish([threading.Thread(target=run, args=pair) for pair in enumerate((first, second))])
    return ends


def finish(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()


def at_once(number, program, *arguments):
    """Run a program in several processes that begin together; what each printed, read as JSON."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [
        WarmProcess([program, index, *arguments], env=os.environ, cwd=HERE, **pipes) for index in range(number)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * number, ends
    return [json.loads(end) for end, _ in ends]


@pytest.mark.postgres
@pytest.mark.parametrize("_round", range(5))
def test_a_file_is_deleted_or_gets_a_job_never_both(postgres_database, _round):
    database = postgres_database
    with database.unit_of_work(OWNER) as work:
        file = work.files.add(new_file())

    def remove(meet):
        with database.unit_of_work(OWNER) as work:
            row = work.files.get(file.id)
            meet.wait(30)
            work.files.delete(row)

    def use(meet):
        with database.unit_of_work(OWNER) as work:
            work.files.get(file.id)
            meet.wait(30)
            work.jobs.submit(new_job(file_id=file.id), actor="owner")

    ends = both_at_once(remove, use)
    assert sum(end is None for end in ends) == 1
    assert all(isinstance(end, errors.ConflictError) for end in ends if end)
    with database.reading(OWNER) as work:
        assert len(work.files.get_all().rows) == len(work.jobs.listed().rows) == (1 if ends[1] is None else 0)
    check_ledger(database)


def test_a_job_deleted_meanwhile_is_not_moved(database):
    job = submit(database, OWNER)
    seen = move(database, job.uid, JobStatus.CANCELLED)
    change(database, job.uid, lambda work, row: work.jobs.delete(row))
    with pytest.raises(errors.InvalidTransition, match="changed meanwhile"), database.unit_of_work(EVERYONE) as work:
        work.jobs.move(work.session.merge(seen, load=False), JobStatus.QUEUED, actor="owner")
    check_ledger(database)


@pytest.mark.postgres
@pytest.mark.parametrize("_round", range(5))
def test_a_retry_and_a_deletion_do_not_deadlock(postgres_database, _round):
    database = postgres_database
    job = submit(database, OWNER)
    move(database, job.uid, JobStatus.CANCELLED)

    def act(change):
        def run(meet):
            with database.unit_of_work(OWNER) as work:
                row = work.jobs.get_by_id(job.uid)
                meet.wait(30)
                change(work, row)

        return run

    ends = both_at_once(
        act(lambda work, row: work.jobs.delete(row)),
        act(lambda work, row: work.jobs.move(row, JobStatus.QUEUED, actor="owner")),
    )
    assert sum(end is None for end in ends) == 1
    assert all(type(end) is errors.InvalidTransition for end in ends if end)
    check_ledger(database)


def test_threads_that_race_for_jobs_leave_a_true_ledger(database):
    owners = [OWNER, add_owner(database)]
    uids = [submit(database, owners[index % 2]).uid for index in range(3)]
    start, ends = threading.Barrier(6), []

    def run(number):
        start.wait(60)
        ends.append(race(database, uids, number, rounds=25))

    finish([threading.Thread(target=run, args=(number,)) for number in range(6)])
    histories = check_ledger(database)
    assert [strange for _, strange in ends] == [[]] * 6
    assert sum(len(history) - 1 for history in histories.values()) == sum(won for won, _ in ends) > 0


def test_processes_that_race_for_jobs_leave_a_true_ledger(database, database_url):
    uids = [submit(database, OWNER).uid for _ in range(3)]
    ends = at_once(4, RACING, database_url, "race", 30, *uids)
    histories = check_ledger(database)
    assert [end["strange"] for end in ends] == [[]] * 4
    assert sum(len(history) - 1 for history in histories.values()) == sum(end["won"] for end in ends) > 0


def test_processes_that_write_all_the_time_are_never_refused(sqlite_ledgers, tmp_path, record_property):
    with sqlite_ledgers.fresh(tmp_path) as url:
        ends = at_once(4, RACING, url, "write", 3)
        with database_on(url) as database:
            assert len(check_ledger(database)) == sum(end["written"] for end in ends)
    assert [end["strange"] for end in ends] == [[]] * 4
    assert all(end["written"] for end in ends)
    record_property("worst_wait_ms", max(end["worst_ms"] for end in ends))
    print([(end["written"], end["worst_ms"]) for end in ends])


def test_a_claim_keeps_the_first_start_whatever_was_read_before(database):
    job = submit(database, OWNER)
    with database.reading(EVERYONE) as work:
        seen = work.jobs.get(job.id)
    first = claim(database, job.uid, "first").started_at
    move(database, job.uid, JobStatus.QUEUED)
    with database.unit_of_work(EVERYONE) as work:
        stale = work.session.merge(seen, load=False)
        assert stale.started_at is None
        assert work.jobs.claim(stale, "second").started_at == first


@pytest.mark.parametrize("verb", ["claim", "cancel", "finish", "release", "retry"])
def test_each_transition_has_one_winner(database, verb):
    job = submit(database, OWNER)
    prepare(database, job.uid, verb)
    start, ends = threading.Barrier(5), []

    def run(number):
        start.wait(60)
        try:
            if verb == "claim":
                claim(database, job.uid, f"worker {number}")
            else:
                move(database, job.uid, TARGETS[verb])
        except errors.InvalidTransition:
            ends.append(False)
        else:
            ends.append(True)

    finish([threading.Thread(target=run, args=(number,)) for number in range(5)])
    assert sorted(ends) == [False] * 4 + [True]
    check_ledger(database)


TARGETS = {
    "cancel": JobStatus.CANCELLED,
    "finish": JobStatus.COMPLETED,
    "release": JobStatus.QUEUED,
    "retry": JobStatus.QUEUED,
}


def prepare(database, uid, verb):
    if verb in ("finish", "release"):
        claim(database, uid, "w")
    if verb == "retry":
        move(database, uid, JobStatus.FAILED, error_code="engine_failed")


def test_the_clock_of_the_database_goes_on(database):
    with database.reading(EVERYONE) as work:
        assert abs(work.now_epoch() - time.time()) < 300
