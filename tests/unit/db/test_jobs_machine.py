"""A real ledger and a model of it go through the same random life; they must agree after every step."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from databases import OWNER, add_owner, database_on
from tenuto import errors
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import FINISHED, TRANSITIONS, JobStatus
from unit.db.ledger_checks import check_ledger
from unit.db.rows import new_job

STATUSES = st.sampled_from(list(JobStatus))
WORKERS = st.sampled_from(["first", "second"])
PERCENT = st.floats(0, 100).map(lambda value: round(value, 1))


class Twin:
    """What the model knows of a job."""

    def __init__(self, job):
        self.id, self.uid, self.kind, self.owner_id = job.id, job.uid, job.kind, job.owner_id
        self.path, self.worker, self.progress = ["queued"], None, 0.0
        self.cancel, self.attempts, self.times = False, 0, {}

    @property
    def status(self):
        return JobStatus(self.path[-1])


class LedgerMachine(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self, ledgers, folder):
        super().__init__()
        self._url = ledgers.fresh(folder)
        self._opened = database_on(self._url.__enter__())
        self.database = self._opened.__enter__()
        self.owners = [OWNER, add_owner(self.database)]
        self.twins = {}

    def teardown(self):
        self._opened.__exit__(None, None, None)
        self._url.__exit__(None, None, None)

    @rule(target=jobs, owner=st.integers(0, 1), kind=st.sampled_from(["transcribe", "other"]))
    def submit(self, owner, kind):
        with self.database.unit_of_work(self.owners[owner]) as work:
            job = work.jobs.submit(new_job(kind=kind), actor="owner")
        self.twins[job.uid] = Twin(job)
        return job.uid

    @rule(uid=jobs, goal=STATUSES, worker=WORKERS, code=st.booleans())
    def move(self, uid, goal, worker, code):
        """Any move at all: the legal ones happen, the others change nothing."""
        twin = self.twins[uid]
        values = {"error_code": "engine_failed"} if code else {}
        if goal is JobStatus.PROCESSING:
            values["worker_id"] = worker
        try:
            with self.database.unit_of_work(twin.owner_id) as work:
                work.jobs.move(work.jobs.get_by_id(uid), goal, actor="somebody", **values)
        except errors.InvalidTransition:
            assert goal not in TRANSITIONS[twin.status]
        except errors.ConflictError:
            assert code != (goal is JobStatus.FAILED)
        else:
            assert goal in TRANSITIONS[twin.status]
            assert code == (goal is JobStatus.FAILED)
            self._moved(twin, goal, worker)

    def _moved(self, twin, target, worker):
        twin.path.append(target.value)
        twin.worker = worker if target is JobStatus.PROCESSING else None
        if target in FINISHED:
            twin.cancel = False
        if target is JobStatus.COMPLETED:
            twin.progress = 100.0

    @rule(uid=jobs, worker=WORKERS)
    def claim(self, uid, worker):
        twin = self.twins[uid]
        try:
            with self.database.unit_of_work(EVERYONE) as work:
                work.jobs.claim(work.jobs.get_by_id(uid), worker)
        except errors.InvalidTransition:
            assert twin.status is not JobStatus.QUEUED
        else:
            assert twin.status is JobStatus.QUEUED
            twin.attempts += 1
            self._moved(twin, JobStatus.PROCESSING, worker)

    @rule(uid=jobs, worker=WORKERS, progress=PERCENT)
    def report(self, uid, worker, progress):
        twin = self.twins[uid]
        try:
            with self.database.unit_of_work(EVERYONE) as work:
                asked = work.jobs.report(twin.id, worker, progress=progress, stage="stage", message="message")
        except errors.Fenced:
            assert twin.worker != worker
        else:
            assert twin.worker == worker
            assert asked == twin.cancel
            twin.progress = max(twin.progress, progress)

    @rule(uid=jobs)
    def ask_to_cancel(self, uid):
        twin = self.twins[uid]
        try:
            with self.database.unit_of_work(twin.owner_id) as work:
                work.jobs.request_cancel(work.jobs.get_by_id(uid))
        except errors.InvalidTransition:
            assert twin.status is not JobStatus.PROCESSING
        else:
            twin.cancel = True

    @rule(target=jobs, uid=consumes(jobs))
    def delete(self, uid):
        twin = self.twins[uid]
        try:
            with self.database.unit_of_work(twin.owner_id) as work:
                work.jobs.delete(work.jobs.get_by_id(uid))
        except errors.ConflictError:
            assert twin.status not in FINISHED
            return uid
        assert twin.status in FINISHED
        del self.twins[uid]
        return multiple()

    @invariant()
    def ledger_and_model_agree(self):
        for owner in self.owners:
            mine = [twin for twin in self.twins.values() if twin.owner_id == owner]
            with self.database.reading(owner) as work:
                rows = {row.uid: row for row in work.jobs.listed(limit=1000).rows}
                counts = work.jobs.counts()
                events = {uid: work.jobs.events(row) for uid, row in rows.items()}
            assert sorted(rows) == sorted(twin.uid for twin in mine)
            for twin in mine:
                self._agree(twin, rows[twin.uid], events[twin.uid])
            told = sorted((kind, status, number) for kind, some in counts.items() for status, number in some.items())
            kinds = {(twin.kind, twin.status.value) for twin in mine}
            assert told == sorted((*key, sum((twin.kind, twin.status) == key for twin in mine)) for key in kinds)

    def _agree(self, twin, row, events):
        assert (row.status, row.worker_id, row.cancel_requested) == (twin.status, twin.worker, twin.cancel)
        assert (row.progress, row.attempts) == (twin.progress, twin.attempts)
        assert [event.new_status for event in events] == twin.path
        times = {"created": row.created_at, "queued": row.queued_at, "started": row.started_at}
        assert (row.completed_at is not None) == (twin.status in FINISHED)
        for name, moment in twin.times.items():
            assert moment is None or times[name] >= moment
        twin.times = times


@pytest.mark.parametrize("steps", [40])
def test_a_ledger_lives_as_its_model_says(sqlite_ledgers, tmp_path, steps):
    lives = settings(max_examples=12, stateful_step_count=steps, deadline=None)
    run_state_machine_as_test(lambda: LedgerMachine(sqlite_ledgers, tmp_path), settings=lives)


def test_a_long_life_leaves_a_true_ledger(database):
    """The checks that races rely on hold for a life without any race."""
    with database.unit_of_work(OWNER) as work:
        job = work.jobs.submit(new_job(), actor="owner")
        work.jobs.claim(job, "w")
        work.jobs.move(job, JobStatus.FAILED, actor="w", error_code="engine_failed")
        work.jobs.move(job, JobStatus.QUEUED, actor="owner")
        work.jobs.claim(job, "w")
        work.jobs.move(job, JobStatus.COMPLETED, actor="w")
    assert check_ledger(database) == {job.id: ["queued", "processing", "failed", "queued", "processing", "completed"]}
