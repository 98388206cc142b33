"""Workers that die, stop, hang or are told to leave; jobs that are cancelled, retried, limited or poisonous."""

import itertools
import json
import os
import signal
import time
from pathlib import Path

import psycopg
import pytest
from pysqlite3 import dbapi2

from ledgers import OWNER, Ledger, ledger, make_recording
from tenuto import errors
from tenuto.domain.jobs import JobStatus
from tenuto.pipelines.registry import PIPELINES
from tenuto.services.processing import Submission

BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
VOICES = '["pocketsphinx", "fake", "fake-voice"]'
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


def submit(here, *, length=65, priority=5, name="recording.wav", **extra):
    source = here.folder / f"source-{length}.wav"
    if not source.exists():
        make_recording(source, length)
    file = here.house.files.save_audio_file(OWNER, source, name)
    options = {"engine": "fake", "extra": {"mark_file": str(here.folder / "marks"), **extra}}
    return here.house.processing.submit(OWNER, Submission(file_uid=file.uid, options=options, priority=priority)).uid


def engine_calls(here):
    marks = here.folder / "marks"
    return marks.read_text().count("\n") if marks.exists() else 0


def wait_until_it_computes(here, calls=1):
    here.wait(lambda: engine_calls(here) >= calls, what="the engine to be called")


def wait_until_it_is_heard(here, *jobs):
    here.wait(lambda: all(here.job(job).stage == "transcribing" for job in jobs), what="the jobs to be transcribed")


def freeze(here, process):
    """Stop a process that goes on later; on SQLite not while it writes, as it would keep everybody from writing."""
    engine = here.house.database.engine

    def stopped():
        os.kill(process.pid, signal.SIGSTOP)
        if engine.dialect.name == "postgresql" or may_write(engine.url.database):
            return True
        os.kill(process.pid, signal.SIGCONT)
        return False

    here.wait(stopped, what="a moment in which the worker does not write")


def may_write(path):
    connection = dbapi2.connect(path, timeout=0.2, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except dbapi2.OperationalError:
        return False
    else:
        return True
    finally:
        connection.close()


@BOTH
def test_the_other_worker_takes_over_from_one_that_was_killed(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        first = here.start_worker()
        uid = submit(here, seconds=0.1, length=5)
        here.wait_for(uid, *ENDED)
        here.start_worker()
        before = engine_calls(here)
        job = submit(here, fail="hang")
        wait_until_it_computes(here, before + 1)
        victim = here.job(job).worker_id
        pid = next(process for process in here.workers if f"-{process.pid}-" in victim)
        pid.kill()
        pid.wait()
        here.wait(lambda: here.job(job).worker_id not in (None, victim), what="the takeover")
        assert here.job(job).takeovers == 1
        here.house.processing.cancel(OWNER, job)
        here.wait_for(job, JobStatus.CANCELLED, seconds=10)
        assert first.poll() is None or first is pid


def test_jobs_side_by_side_keep_the_warm_processes_that_others_need(tmp_path):
    with ledger("sqlite", tmp_path, TENUTO_ENGINES=VOICES) as here:
        jobs = [submit(here, seconds=0.05 * (number % 4), length=5) for number in range(24)]
        worker = here.start_worker("tenuto", "work", "--concurrency", "4", "--drain", program="-m")
        assert worker.wait(60) == 0
        assert {here.job(job).status for job in jobs} == {JobStatus.COMPLETED}
        processes = {line.split()[0] for line in (here.folder / "marks").read_text().splitlines()}
        assert len(processes) <= 4


@BOTH
def test_a_worker_of_some_kinds_leaves_the_others_alone(kind, tmp_path):
    apart = json.dumps([known for known in PIPELINES if known != "transcribe"])
    with ledger(kind, tmp_path, TENUTO_KIND_LANES=apart, TENUTO_ENGINES=VOICES) as here:
        said = here.house.processing.submit(
            OWNER, Submission(kind="speak", options={"text": "Hello.", "engine": "fake-voice"})
        )
        heard = submit(here, length=5)
        for kinds, done, waits in (("speak", said.uid, heard), ("transcribe,realign", heard, said.uid)):
            before = here.job(waits).status
            worker = here.start_worker("tenuto", "work", "--kinds", kinds, "--drain", program="-m")
            assert worker.wait(60) == 0
            assert here.job(done).status is JobStatus.COMPLETED
            assert here.job(waits).status is before


@BOTH
def test_a_worker_of_another_machine_is_lost_after_the_deadline(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        far = here.start_worker(TENUTO_TEST_HOST="far away")
        job = submit(here, seconds=0.1)
        here.wait_for(job, *ENDED)
        before = engine_calls(here)
        stuck = submit(here, fail="hang")
        wait_until_it_computes(here, before + 1)
        here.start_worker()
        far.kill()
        far.wait()
        killed = time.monotonic()
        here.wait(lambda: here.job(stuck).takeovers == 1, 60, "the takeover")
        assert time.monotonic() - killed < 60
        assert here.job(job).status is JobStatus.COMPLETED


@BOTH
def test_a_worker_that_was_paused_finds_itself_fenced(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        sleeper = here.start_worker(TENUTO_TEST_HOST="far away")
        job = submit(here, seconds=2.5)
        wait_until_it_computes(here)
        here.start_worker()
        # The one that judges must have beaten unbroken for longer than the deadline before silence counts.
        freeze(here, sleeper)
        here.wait(lambda: here.job(job).takeovers == 1, 60, "the takeover")
        os.kill(sleeper.pid, signal.SIGCONT)
        assert sleeper.wait(timeout=30) == 75
        assert here.wait_for(job, *ENDED).status is JobStatus.COMPLETED
        steps = [row.step for row in here.house.processing.steps(OWNER, job) if row.part == -1]
        assert sorted(steps) == ["playback", "polish", "prepare", "speakers", "times", "transcribe"]


@BOTH
def test_a_waiting_job_is_cancelled_at_once_and_never_runs(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        job = submit(here)
        assert here.house.processing.cancel(OWNER, job).status is JobStatus.CANCELLED
        other = submit(here)
        here.start_worker("--drain").wait(timeout=60)
        assert here.job(other).status is JobStatus.COMPLETED
        assert here.job(job).attempts == 0
        with pytest.raises(errors.InvalidTransition):
            here.house.processing.cancel(OWNER, job)


@pytest.mark.parametrize("how", ["hang", "spin"])
def test_a_running_job_is_cancelled_within_five_seconds(how, tmp_path):
    with ledger("sqlite", tmp_path) as here:
        here.start_worker()
        job = submit(here, fail=how)
        wait_until_it_computes(here)
        child = int((tmp_path / "marks").read_text().split()[0])
        here.house.processing.cancel(OWNER, job)
        here.wait_for(job, JobStatus.CANCELLED, seconds=5)
        here.wait(lambda: not Path(f"/proc/{child}").exists(), 5, "the end of the engine's process")
        here.wait(lambda: not list((tmp_path / "work").glob(f"*/{job}")), 5, "the end of its folder")


def test_a_job_that_makes_its_playback_copy_is_cancelled_as_fast(tmp_path):
    with ledger("sqlite", tmp_path) as here:
        here.start_worker()
        job = submit(here, length=1800, seconds=0)
        here.wait(lambda: here.job(job).stage == "making_playback", what="the copy to be made")
        here.house.processing.cancel(OWNER, job)
        here.wait_for(job, JobStatus.CANCELLED, seconds=5)
        assert not list((tmp_path / "files" / "spool").iterdir())


@BOTH
def test_a_job_that_takes_workers_down_fails_in_the_end(kind, tmp_path):
    with ledger(kind, tmp_path, TENUTO_MAX_TAKEOVERS="2") as here:
        job = submit(here, die_at="during:transcribe", die_again=True)
        for _ in range(3):
            assert here.start_worker("--drain").wait(timeout=60) == -9, here.logs()
        assert here.start_worker("--drain").wait(timeout=60) == 0
        found = here.job(job)
        assert (found.status, found.error_code, found.takeovers) == (JobStatus.FAILED, "poison_job", 2)
        assert "3 times" in found.error_message


def test_a_crashing_engine_fails_its_own_job_after_its_retries(tmp_path):
    with ledger("sqlite", tmp_path, TENUTO_MAX_ATTEMPTS="2") as here:
        job = submit(here, fail="crash")
        good = submit(here)
        worker = here.start_worker("--drain")
        assert worker.wait(timeout=90) == 0
        assert here.job(job).error_code == "engine_crashed"
        assert "SIGABRT" in here.job(job).error_message
        assert here.job(good).status is JobStatus.COMPLETED
        kinds = [event.kind for event in here.house.processing.history(OWNER, job)]
        assert kinds.count("retry") == 1


@BOTH
def test_a_retry_keeps_the_steps_that_had_finished(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        job = submit(here, fail="engine_failed")
        here.start_worker("--drain").wait(timeout=60)
        assert here.job(job).error_code == "engine_failed"
        before = {row.step: row.finished_at for row in here.house.processing.steps(OWNER, job)}
        assert list(before) == ["prepare"]
        with here.house.database.unit_of_work(OWNER) as work:
            row = work.jobs.get_by_id(job)
            work.jobs.update(row, options={**row.options, "extra": {}})
        here.house.processing.retry(OWNER, job)
        here.start_worker("--drain").wait(timeout=60)
        found = here.job(job)
        assert (found.status, found.error_code, found.attempts) == (JobStatus.COMPLETED, None, 2)
        after = {row.step: row.finished_at for row in here.house.processing.steps(OWNER, job) if row.part == -1}
        assert after["prepare"] == before["prepare"]


@BOTH
def test_a_worker_told_to_stop_finishes_what_it_can_and_gives_back_the_rest(kind, tmp_path):
    with ledger(kind, tmp_path, TENUTO_DRAIN_SECONDS="6", TENUTO_TEST_SLOTS="2") as here:
        worker = here.start_worker()
        # Of a lane of its own: the blocks of the endless one hold all children of theirs.
        quick, endless = submit(here, length=10, seconds=1.0), submit(here, fail="hang")
        wait_until_it_is_heard(here, quick, endless)
        worker.terminate()
        assert worker.wait(timeout=30) == 0, here.logs()
        assert here.job(quick).status is JobStatus.COMPLETED, here.logs()
        left = here.job(endless)
        assert (left.status, left.takeovers, left.worker_id) == (JobStatus.QUEUED, 0, None)
        assert not list((tmp_path / "work").iterdir())
        here.start_worker()
        wait_until_it_is_heard(here, endless)
        here.house.processing.cancel(OWNER, endless)
        here.wait_for(endless, JobStatus.CANCELLED)


@BOTH
def test_an_engine_with_a_limit_never_runs_more_often_at_once(kind, tmp_path):
    with ledger(kind, tmp_path, TENUTO_ENGINE_CONCURRENCY='{"fake": 1}', TENUTO_TEST_SLOTS="2") as here:
        jobs = [submit(here, seconds=0.2, priority=index % 10) for index in range(8)]
        here.start_worker()
        here.start_worker()
        for job in jobs:
            assert here.wait_for(job, *ENDED).status is JobStatus.COMPLETED
        spans = sorted((here.job(job).started_at, here.job(job).completed_at) for job in jobs)
        assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans)), spans


def test_jobs_of_higher_priority_run_first(tmp_path):
    with ledger("sqlite", tmp_path) as here:
        jobs = {priority: submit(here, priority=priority) for priority in (1, 5, 9, 3, 7)}
        here.start_worker("--drain").wait(timeout=90)
        started = sorted(jobs, key=lambda priority: here.job(jobs[priority]).started_at)
        assert started == [9, 7, 5, 3, 1]


@pytest.mark.postgres
def test_a_database_that_is_away_for_longer_than_the_deadline_costs_nothing(tmp_path):
    with ledger("postgresql", tmp_path) as here:
        worker, other = here.start_worker(), here.start_worker()
        job = submit(here, seconds=3.0)
        wait_until_it_computes(here)
        url = here.environment["TENUTO_DATABASE_URL"]
        name = url.rpartition("/")[2]
        with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            deadline = time.monotonic() + 7  # longer than the deadline of 4 s: the outage is what is tested
            while time.monotonic() < deadline:
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
                time.sleep(0.2)
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        here.house.database.engine.dispose()
        found = here.wait_for(job, *ENDED)
        assert (found.status, found.takeovers) == (JobStatus.COMPLETED, 0), here.logs()
        assert worker.poll() is None
        assert other.poll() is None
        parts = [row for row in here.house.processing.steps(OWNER, job) if row.part >= 0]
        assert engine_calls(here) == len(parts)


@BOTH
def test_the_reconciler_mends_what_a_crash_between_ledger_and_queue_left(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        forgotten, cancelled = submit(here), submit(here)
        here.house.queue.forget([forgotten])
        here.house.queue.cancel(cancelled)
        here.start_worker()
        assert here.wait_for(forgotten, *ENDED).status is JobStatus.COMPLETED
        assert here.wait_for(cancelled, *ENDED).status is JobStatus.COMPLETED


def test_a_kind_of_job_this_version_does_not_know_fails_with_a_clear_code(tmp_path):
    with ledger("sqlite", tmp_path) as here:
        job = submit(here)
        with here.house.database.unit_of_work(OWNER) as work:
            work.jobs.update(work.jobs.get_by_id(job), kind="juggle")
        here.start_worker()
        assert here.wait_for(job, *ENDED).error_code == "unknown_work"


@BOTH
def test_a_sweep_runs_once_for_all_workers(kind, tmp_path):
    with ledger(kind, tmp_path, TENUTO_CLEANUP_INTERVAL_MINUTES="60", TENUTO_TEST_CRON="*/3 * * * * *") as here:
        here.start_worker()
        here.start_worker()

        def sweeps():
            return [line.split()[0] for line in here.logs().splitlines() if "action=cleanup" in line]

        here.wait(lambda: len(sweeps()) >= 3, what="three sweeps")
        seconds = [stamp[:19] for stamp in sweeps()]
        assert len(set(seconds)) == len(seconds)


@BOTH
def test_a_job_in_a_lane_that_is_no_more_runs_in_another(kind, tmp_path):
    with ledger(kind, tmp_path, TENUTO_ENGINE_CONCURRENCY='{"fake": 1}') as before:
        waiting, cancelled = submit(before), submit(before)
        before.house.processing.cancel(OWNER, cancelled)
        url = before.environment["TENUTO_DATABASE_URL"]
        here = Ledger(tmp_path, url)
        try:
            assert here.job(waiting).lane == "engine-fake"
            here.house.processing.retry(OWNER, cancelled)
            here.start_worker()
            for job in (waiting, cancelled):
                assert here.wait_for(job, *ENDED).status is JobStatus.COMPLETED
        finally:
            here.close()


@BOTH
def test_a_job_whose_run_was_cut_off_under_a_living_worker_is_given_back(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        here.start_worker()
        job = submit(here, seconds=1.0)
        wait_until_it_is_heard(here, job)
        here.house.queue.cancel(job)  # The engine drops the run at the next step; nobody tells the ledger.
        assert here.wait_for(job, *ENDED).status is JobStatus.COMPLETED


def test_a_retry_in_the_moment_of_failure_is_taken(tmp_path):
    with ledger("sqlite", tmp_path) as here:
        here.start_worker()
        for _ in range(5):
            job = submit(here, length=2, fail="engine_failed")
            here.wait_for(job, JobStatus.FAILED)
            here.house.processing.retry(OWNER, job)
            here.wait_for(job, JobStatus.FAILED)
            assert here.job(job).attempts == 2


def test_a_short_recording_does_not_wait_for_a_long_one(tmp_path):
    with ledger("sqlite", tmp_path, TENUTO_TEST_SLOTS="2") as here:
        here.start_worker()
        long = [submit(here, fail="hang") for _ in range(2)]
        wait_until_it_is_heard(here, *long)
        source = make_recording(tmp_path / "short.wav", 2)
        file = here.house.files.save_audio_file(OWNER, source)
        job = here.house.processing.submit(OWNER, Submission(file_uid=file.uid, options={"engine": "fake"}))
        assert here.wait_for(job.uid, *ENDED).status is JobStatus.COMPLETED
        assert {here.job(uid).status for uid in long} == {JobStatus.PROCESSING}
        for uid in long:
            here.house.processing.cancel(OWNER, uid)
            here.wait_for(uid, JobStatus.CANCELLED)
