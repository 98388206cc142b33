"""The outbox: written with the change or not at all, for the owner alone, and taken out by one at a time."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from databases import add_owner
from tenuto.db.models import DeliveryRow, JobRow, WebhookRow, now
from tenuto.db.webhooks import new_delivery
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from unit.db.rows import submit

ALL = ["job.queued", "job.started", "job.completed", "job.failed", "job.cancelled"]


def add_webhook(database, owner, **given):
    with database.unit_of_work(owner) as work:
        return work.webhooks.add(WebhookRow(**{"url": "https://a.example/", "secret": "s", **given}))


def outbox(database, owner=EVERYONE):
    with database.reading(owner) as work:
        return list(work.session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)))


def run_through(database, owner, *, last=JobStatus.COMPLETED, **values):
    job = submit(database, owner)
    with database.unit_of_work(EVERYONE) as work:
        work.jobs.claim(work.jobs.get(job.id), "w")
    with database.unit_of_work(EVERYONE) as work:
        return work.jobs.move(work.jobs.get(job.id), last, actor="w", **values)


def claim(database, webhook, moment=None, lease=60):
    moment = moment or now()
    with database.unit_of_work(EVERYONE) as work:
        found = work.deliveries.claim(webhook.id, moment, moment + timedelta(seconds=lease))
        return found and found[1]


def test_each_change_a_webhook_asked_for_is_written_down_once(database):
    webhook = add_webhook(database, 1, events=ALL)
    job = run_through(database, 1)
    rows = outbox(database)
    assert [row.event for row in rows] == ["job.queued", "job.started", "job.completed"]
    assert {(row.webhook_id, row.owner_id, row.status) for row in rows} == {(webhook.id, 1, "waiting")}
    assert [row.payload["data"]["job"]["status"] for row in rows] == ["queued", "processing", "completed"]
    assert all(row.payload["id"] == row.uid and row.payload["data"]["job"]["id"] == job.uid for row in rows)


def test_a_webhook_that_asked_for_nothing_hears_how_jobs_end(database):
    add_webhook(database, 1)
    run_through(database, 1)
    run_through(database, 1, last=JobStatus.FAILED, error_code="engine_failed", error_message="the secret words")
    rows = outbox(database)
    assert [row.event for row in rows] == ["job.completed", "job.failed"]
    assert rows[1].payload["data"]["job"]["error_code"] == "engine_failed"
    assert "secret words" not in str(rows[1].payload)


def test_a_change_that_is_taken_back_is_not_told(database):
    add_webhook(database, 1, events=ALL)
    with pytest.raises(RuntimeError), database.unit_of_work(1) as work:  # noqa: PT012 - one transaction
        work.jobs.submit(JobRow(kind="transcribe"), actor="owner")
        raise RuntimeError
    assert outbox(database) == []


def test_one_that_is_switched_off_hears_nothing(database):
    add_webhook(database, 1, is_active=False)
    run_through(database, 1)
    assert outbox(database) == []


def test_nobody_hears_of_anothers_jobs(database):
    alice, bob = add_owner(database), add_owner(database)
    hers, his = add_webhook(database, alice), add_webhook(database, bob)
    for owner, webhook in ((alice, hers), (bob, his)):
        uid = run_through(database, owner).uid
        rows = [row for row in outbox(database) if row.payload["data"]["job"]["id"] == uid]
        assert [(row.owner_id, row.webhook_id) for row in rows] == [(owner, webhook.id)]
        assert [row.uid for row in outbox(database, owner)] == [row.uid for row in rows]


@pytest.mark.postgres
def test_a_webhook_that_is_deleted_meanwhile_does_not_stop_a_job(postgres_database):
    database = postgres_database
    webhook = add_webhook(database, 1, events=ALL)
    job = submit(database, 1)
    moved = threading.Thread(target=lambda: _cancel(database, job))
    with database.unit_of_work(1) as work:
        work.webhooks.delete(work.webhooks.get(webhook.id))
        moved.start()
        moved.join(0.3)
        assert moved.is_alive()  # It waits to see whether the webhook goes.
    moved.join(10)
    with database.reading(1) as work:
        assert work.jobs.get(job.id).status is JobStatus.CANCELLED
    assert outbox(database) == []


def _cancel(database, job):
    with database.unit_of_work(1) as work:
        work.jobs.move(work.jobs.get(job.id), JobStatus.CANCELLED, actor="owner")


def test_a_delivery_belongs_to_one_sender_until_its_lease_is_over(database):
    webhook = add_webhook(database, 1)
    run_through(database, 1)
    first = claim(database, webhook)
    assert first.attempts == 1
    assert claim(database, webhook) is None
    again = claim(database, webhook, now() + timedelta(seconds=61))
    assert (again.id, again.attempts) == (first.id, 2)


def test_the_late_word_of_one_who_lost_the_lease_counts_only_when_it_is_good(database):
    webhook = add_webhook(database, 1)
    run_through(database, 1)
    late, current = claim(database, webhook), claim(database, webhook, now() + timedelta(seconds=61))
    with database.unit_of_work(EVERYONE) as work:
        work.deliveries.note_missed(late, "no", None, next_at=None)
    assert outbox(database)[0].status == "waiting"
    with database.unit_of_work(EVERYONE) as work:
        work.deliveries.note_delivered(late, 200, now())
    with database.unit_of_work(EVERYONE) as work:
        work.deliveries.note_missed(current, "no", 500, next_at=None)
    assert outbox(database)[0].status == "delivered"


def test_two_hundred_deliveries_are_each_claimed_once_by_eight_senders(database):
    webhook = add_webhook(database, 1)
    with database.unit_of_work(1) as work:
        for _ in range(200):
            work.deliveries.add(new_delivery(1, webhook.id, "webhook.test", {}))
    claimed, lock = [], threading.Lock()

    def take():
        while (row := claim(database, webhook)) is not None:
            with lock:
                claimed.append(row.id)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A sender may see nothing while others hold the last rows; nothing is taken twice either way.
    assert len(claimed) == len(set(claimed)) == 200


def test_a_webhook_that_rests_is_not_due(database):
    webhook = add_webhook(database, 1, paused_until=now() + timedelta(minutes=5))
    run_through(database, 1)
    assert claim(database, webhook) is None
    with database.reading(EVERYONE) as work:
        assert work.webhooks.due(now()) == []
        assert work.webhooks.due(now() + timedelta(minutes=6)) == [webhook.id]


def test_old_deliveries_are_forgotten(database):
    add_webhook(database, 1)
    run_through(database, 1)
    with database.unit_of_work(EVERYONE) as work:
        assert work.deliveries.forget_before(now() - timedelta(days=1)) == 0
        assert work.deliveries.forget_before(now()) == 1
    assert outbox(database) == []
