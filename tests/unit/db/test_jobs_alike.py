"""Jobs found by what was asked for, and the states of many at once."""

from datetime import timedelta

import pytest

from tenuto.db.models import JobRow, OwnerRow, now
from tenuto.domain.jobs import JobStatus


@pytest.fixture
def submitted(database):
    def submit(fingerprint="f", owner=1):
        with database.unit_of_work(owner) as work:
            return work.jobs.submit(JobRow(kind="transcribe", fingerprint=fingerprint), actor="owner").uid

    return submit


def like(database, fingerprint="f", owner=1, hours=1):
    with database.reading(owner) as work:
        found = work.jobs.latest_like(fingerprint, since=now() - timedelta(hours=hours))
        return found and found.uid


def test_the_newest_job_of_the_same_wish_is_found(database, submitted):
    assert like(database) is None
    submitted()
    newest = submitted()
    submitted("other")
    assert like(database) == newest
    assert like(database, hours=-1) is None


def test_a_job_that_ended_badly_is_no_answer(database, submitted):
    uid = submitted()
    with database.unit_of_work(1) as work:
        work.jobs.move(work.jobs.get_by_id(uid), JobStatus.CANCELLED, actor="owner")
    assert like(database) is None


def test_nobody_finds_the_job_of_somebody_else(database, submitted):
    with database.unit_of_work(None) as work:
        work.session.add(OwnerRow(id=2, name="another"))
    submitted()
    assert like(database, owner=2) is None
    assert submitted(owner=2) == like(database, owner=2)


def test_many_states_come_with_one_question(database, submitted):
    uids = [submitted(str(number)) for number in range(3)]
    with database.reading(None) as work:
        found = work.jobs.states([*uids, "nobody"])
    assert found == dict.fromkeys(uids, (JobStatus.QUEUED, 0.0))
