"""What is set aside, spent and released: a real ledger and a model of it agree, and no race overspends a budget."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from databases import add_owner, database_on
from tenuto import errors
from tenuto.db.models import now
from tenuto.domain.costs import Period, Usage
from tenuto.domain.jobs import JobStatus
from tenuto.services.budgets import BudgetService
from unit.db.test_races import at_once, finish
from unit.services import paying

PAYING = Path(paying.__file__)
ENGINES = st.sampled_from(["fake", "pocketsphinx"])
AMOUNTS = st.integers(0, 12)
ENDS = st.sampled_from([JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])


class Twin:
    """What the model knows of a job."""

    def __init__(self, job, engine, estimate):
        self.job, self.engine, self.estimate = job, engine, estimate
        self.held, self.cost, self.parts = estimate, 0, 0
        self.purse, self.asked = None, []
        self.status = JobStatus.QUEUED


class SpendingMachine(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self, ledgers, folder):
        super().__init__()
        self._url = ledgers.fresh(folder)
        self._opened = database_on(self._url.__enter__())
        self.database = self._opened.__enter__()
        self.owner = add_owner(self.database)
        self.limits, self.twins = {}, []

    def teardown(self):
        self._opened.__exit__(None, None, None)
        self._url.__exit__(None, None, None)

    def spent(self, engine):
        return sum(twin.cost for twin in self.twins if engine in ("", twin.engine))

    def reserved(self, engine, but=None):
        return sum(twin.held for twin in self.twins if engine in ("", twin.engine) and twin is not but)

    def fits(self, engine, wanted, but=None):
        """Whether every budget allows it, as a person would reckon."""
        watching = [(scope, limit) for (_, scope), limit in self.limits.items() if scope in ("", engine)]
        return all(self.spent(scope) + self.reserved(scope, but) + wanted <= limit for scope, limit in watching)

    @rule(period=st.sampled_from(Period), engine=st.sampled_from(["", "fake"]), limit=st.integers(0, 60))
    def set_budget(self, period, engine, limit):
        paying.set_budget(self.database, self.owner, limit, period, engine)
        self.limits[period, engine] = limit

    @rule(number=st.integers(0, 5))
    def drop_budget(self, number):
        found, _ = BudgetService(self.database).listed(self.owner)
        for row, _standing in found[number : number + 1]:
            BudgetService(self.database).delete(self.owner, row.uid)
            del self.limits[Period(row.period), row.engine]

    @rule(target=jobs, engine=ENGINES, estimate=AMOUNTS)
    def submit(self, engine, estimate):
        fits = not estimate or self.fits(engine, estimate)
        try:
            job = paying.submit(self.database, self.owner, estimate, engine)
        except errors.BudgetExceeded:
            assert not fits
            return None
        assert fits
        self.twins.append(Twin(job, engine, estimate))
        return self.twins[-1]

    @rule(twin=jobs)
    def claim(self, twin):
        if twin and twin.status is JobStatus.QUEUED:
            twin.purse = paying.claim(self.database, twin.job)
            twin.status = JobStatus.PROCESSING

    @rule(twin=jobs, requests=AMOUNTS)
    def ask(self, twin, requests):
        if not twin or twin.status is not JobStatus.PROCESSING:
            return
        wanted = sum(twin.asked) + requests
        fits = not requests or self.fits(twin.engine, wanted, but=twin)
        try:
            twin.purse.ask(Usage(twin.engine, requests=requests))
        except errors.BudgetExceeded:
            assert not fits
        else:
            assert fits
            twin.asked.append(requests)
            twin.held = max(twin.held, wanted) if requests else twin.held

    @rule(twin=jobs)
    def keep(self, twin):
        if twin and twin.asked and twin.status is JobStatus.PROCESSING:
            cost = twin.asked.pop(0)
            paying.keep(self.database, twin.purse, twin.job, Usage(twin.engine, requests=cost), twin.parts)
            paying.keep(self.database, twin.purse, twin.job, Usage(twin.engine, requests=0), twin.parts)  # again
            twin.parts, twin.cost, twin.held = twin.parts + 1, twin.cost + cost, max(0, twin.held - cost)

    @rule(twin=jobs)
    def calls_fail(self, twin):
        if twin and twin.status is JobStatus.PROCESSING:
            twin.purse.forget()
            twin.asked = []

    @rule(twin=jobs, status=ENDS)
    def end(self, twin, status):
        allowed = [JobStatus.CANCELLED] if twin and twin.status is JobStatus.QUEUED else list(JobStatus)
        if twin and twin.status in (JobStatus.QUEUED, JobStatus.PROCESSING) and status in allowed:
            paying.end(self.database, twin.job, status)
            twin.status, twin.held, twin.asked = status, 0, []

    @rule(twin=jobs)
    def retry(self, twin):
        if not twin or twin.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
            return
        needed = max(0, twin.estimate - twin.cost)
        fits = not needed or self.fits(twin.engine, needed)
        try:
            paying.retry(self.database, self.owner, twin.job)
        except errors.BudgetExceeded:
            assert not fits
        else:
            assert fits
            twin.status, twin.held = JobStatus.QUEUED, needed

    @invariant()
    def books_and_model_agree(self):
        assert paying.check_books(self.database, self.owner) == self.spent("")
        for (_, engine), found in paying.accounts(self.database, self.owner).items():
            assert found == (self.spent(engine), self.reserved(engine))


@pytest.mark.parametrize("steps", [40])
def test_money_moves_as_the_model_says(sqlite_ledgers, tmp_path, steps):
    lives = settings(max_examples=15, stateful_step_count=steps, deadline=None)
    run_state_machine_as_test(lambda: SpendingMachine(sqlite_ledgers, tmp_path), settings=lives)


def test_of_fifty_jobs_at_once_a_budget_for_ten_takes_ten(database):
    owner = add_owner(database)
    paying.set_budget(database, owner, 100)
    ends = []
    threads = [threading.Thread(target=lambda: ends.append(paying.ask_only(database, owner, 1))) for _ in range(50)]
    finish(threads)
    assert sum(told["accepted"] for told in ends) == 10
    assert sum(told["refused"] for told in ends) == 40
    assert set(paying.accounts(database, owner).values()) == {(0, 100)}


def test_of_fifty_jobs_from_five_processes_a_budget_for_ten_takes_ten(database, database_url):
    owner = add_owner(database)
    paying.set_budget(database, owner, 100)
    paying.set_budget(database, owner, 5000, Period.DAY, "fake")
    ends = at_once(5, PAYING, database_url, "ask", owner, 10)
    assert [told["strange"] for told in ends] == [[]] * 5
    assert (sum(told["accepted"] for told in ends), sum(told["refused"] for told in ends)) == (10, 40)
    paying.check_books(database, owner)


def test_jobs_that_live_and_pay_in_several_processes_never_overspend(database, database_url):
    owner = add_owner(database)
    paying.set_budget(database, owner, 257)
    ends = at_once(4, PAYING, database_url, "live", owner, 12)
    assert [told["strange"] for told in ends] == [[]] * 4
    assert sum(told["refused"] for told in ends) > 0
    # All that could be spent was: only where less than one more job's cost was left was anybody refused at the end.
    assert 247 < paying.check_books(database, owner) <= 257
    assert {reserved for _, reserved in paying.accounts(database, owner).values()} == {0}


def test_threads_of_one_job_share_what_it_set_aside(database):
    owner = add_owner(database)
    paying.set_budget(database, owner, 20)
    job = paying.submit(database, owner, 20)
    purse = paying.claim(database, job)

    def work(part):
        purse.ask(Usage("fake"))
        paying.keep(database, purse, job, Usage("fake"), part)
        purse.forget()

    finish([threading.Thread(target=work, args=(part,)) for part in range(20)])
    assert set(paying.accounts(database, owner).values()) == {(20, 0)}
    with pytest.raises(errors.BudgetExceeded):
        purse.ask(Usage("fake"))


def test_a_worker_that_lost_its_job_begins_no_paid_call(database):
    owner = add_owner(database)
    job = paying.submit(database, owner, 10)
    purse = paying.claim(database, job)
    paying.end(database, job, JobStatus.QUEUED)
    with pytest.raises(errors.Fenced):
        purse.ask(Usage("fake"))


def test_a_call_over_midnight_counts_to_the_day_that_allowed_it(database, monkeypatch):
    owner = add_owner(database)
    paying.set_budget(database, owner, 10, Period.DAY)
    job = paying.submit(database, owner, 10)
    purse = paying.claim(database, job)
    purse.ask(Usage("fake", requests=10))
    before = dict(paying.accounts(database, owner))
    monkeypatch.setattr(paying, "now", lambda: now() + timedelta(days=40))
    paying.keep(database, purse, job, Usage("fake", requests=10), 0)
    assert paying.accounts(database, owner) == dict.fromkeys(before, (10, 0))


def test_a_new_day_has_room_of_its_own(database, monkeypatch):
    owner = add_owner(database)
    paying.set_budget(database, owner, 10, Period.DAY)
    job = paying.submit(database, owner, 10)
    purse = paying.claim(database, job)
    monkeypatch.setattr("tenuto.services.purse.now", lambda: now() + timedelta(days=40))
    monkeypatch.setattr("tenuto.services.budgets.now", lambda: now() + timedelta(days=40))
    paying.submit(database, owner, 6)
    with pytest.raises(errors.BudgetExceeded, match="is set aside"):
        purse.ask(Usage("fake", requests=5))
    purse.ask(Usage("fake", requests=4))


def test_a_budget_set_later_counts_what_was_spent_and_what_is_set_aside(database):
    owner = add_owner(database)
    job = paying.submit(database, owner, 10)
    paying.keep(database, paying.claim(database, job), job, Usage("fake", requests=4), 0)
    paying.set_budget(database, owner, 15)
    (_, standing), *_ = BudgetService(database).listed(owner)[0]
    assert (standing.spent_micros, standing.reserved_micros, standing.left_micros) == (4, 6, 5)
    paying.submit(database, owner, 5)
    with pytest.raises(errors.BudgetExceeded):
        paying.submit(database, owner, 1)


def test_one_owners_budget_is_nothing_to_another(database):
    stingy, other = add_owner(database), add_owner(database)
    paying.set_budget(database, stingy, 0)
    paying.submit(database, other, 10)
    with pytest.raises(errors.BudgetExceeded):
        paying.submit(database, stingy, 10)
