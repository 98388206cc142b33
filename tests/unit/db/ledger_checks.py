"""What must hold in a ledger at any moment, whatever happened to it."""

import itertools
from collections import Counter

from sqlalchemy import select

from tenuto.db.models import CountRow, JobEventRow, JobRow
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import TRANSITIONS, JobStatus


def check_ledger(database):
    """Assert that rows, history and counters tell the same story; return job id → the statuses it went through."""
    with database.reading(EVERYONE) as work:
        jobs = work.session.scalars(select(JobRow).order_by(JobRow.id)).all()
        events = work.session.scalars(select(JobEventRow).order_by(JobEventRow.id)).all()
        counted = work.session.scalars(select(CountRow).where(CountRow.noun == "job")).all()
    histories = {}
    for job in jobs:
        mine = [event for event in events if event.job_id == job.id and event.kind == "status"]
        histories[job.id] = check_job(job, mine)
    truth = Counter((job.owner_id, job.kind, job.status.value) for job in jobs)
    assert {(row.owner_id, row.kind, row.status): row.count for row in counted if row.count} == dict(truth)
    return histories


def check_job(job, events):
    """Assert that a job's history is one legal path that ends where the job stands."""
    path = [event.new_status for event in events]
    assert [event.old_status for event in events] == [None, *path[:-1]]
    assert path[0] == "queued"
    assert path[-1] == job.status
    for old, new in itertools.pairwise(path):
        assert JobStatus(new) in TRANSITIONS[JobStatus(old)]
    assert job.attempts == path.count("processing")
    assert (job.status in ("completed", "failed", "cancelled")) == (job.completed_at is not None)
    assert (job.status == "processing") == (job.worker_id is not None)
    assert (job.status == "failed") == (job.error_code is not None)
    assert (job.started_at is not None) == ("processing" in path)
    assert job.completed_at is None or job.completed_at >= job.created_at
    return path
