"""Webhooks with real workers and a real receiver: told soon, told again, told by the next when one is killed."""

import time
from collections import Counter

import pytest

from ledgers import OWNER, ledger, make_recording
from receiver import receiver
from tenuto.client import verify_webhook
from tenuto.db.models import OwnerRow
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from tenuto.services.processing import Submission

ALLOW = {"TENUTO_WEBHOOK_ALLOW": '["127.0.0.1"]'}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kind(request):
    return request.param


def submit(here, owner=OWNER, **extra):
    source = here.folder / "source.wav"
    if not source.exists():
        make_recording(source, 3)
    file = here.house.files.save_audio_file(owner, source)
    options = {"engine": "fake", "extra": extra}
    return here.house.processing.submit(owner, Submission(file_uid=file.uid, options=options)).uid


def delivered(here, webhook, status="delivered"):
    return len(here.house.webhooks.deliveries(OWNER, webhook.uid, status=status, limit=1000).rows)


def test_an_end_of_a_job_is_told_within_two_seconds(kind, tmp_path):
    with receiver() as there, ledger(kind, tmp_path, **ALLOW) as here:
        webhook = here.house.webhooks.create(OWNER, there.url, ["job.started", "job.completed", "job.failed"])
        here.start_worker()
        jobs = [submit(here), submit(here, fail="engine_failed")]
        here.wait(lambda: len(there.calls) == 4, what="four calls")
        told = [(call, verify_webhook(call.headers, call.body, webhook.secret)) for call in there.calls]
        for call, event in told:
            job = here.job(event["data"]["job"]["id"])
            assert job.uid in jobs
            if event["event"] != "job.started":
                assert call.at - job.completed_at.timestamp() < 2
        assert Counter(event["event"] for _, event in told) == {
            "job.started": 2,
            "job.completed": 1,
            "job.failed": 1,
        }


def test_a_receiver_that_was_down_hears_it_when_it_is_up(kind, tmp_path):
    with receiver() as there:
        port = there.port
    with ledger(kind, tmp_path, **ALLOW, TENUTO_WEBHOOK_RETRY_SECONDS="[0.5, 0.5, 0.5, 1, 1, 1, 1, 1, 1, 1]") as here:
        webhook = here.house.webhooks.create(OWNER, f"http://127.0.0.1:{port}/hook")
        here.start_worker()
        uid = submit(here)
        here.wait(lambda: here.house.webhooks.get(OWNER, webhook.uid).failures >= 2, what="two attempts in vain")
        waiting = here.house.webhooks.deliveries(OWNER, webhook.uid).rows[0]
        assert waiting.error == "It refused the connection."
        with receiver(port=port) as there:
            here.wait(lambda: delivered(here, webhook) == 1, what="the delivery")
            assert [call.json["data"]["job"]["id"] for call in there.calls] == [uid]
        assert here.house.webhooks.get(OWNER, webhook.uid).failures == 0


def test_a_worker_killed_right_after_a_job_ended_takes_no_event_with_it(kind, tmp_path):
    with receiver() as there, ledger(kind, tmp_path, **ALLOW) as here:
        webhook = here.house.webhooks.create(OWNER, there.url)
        worker = here.start_worker()
        uid = submit(here, die_at="finished")
        worker.wait(60)
        assert here.job(uid).status is JobStatus.COMPLETED
        assert delivered(here, webhook) == 0
        here.start_worker()
        here.wait(lambda: delivered(here, webhook) == 1, what="the delivery")
        assert [call.json["data"]["job"]["id"] for call in there.calls] == [uid]


def test_two_workers_send_each_of_two_hundred_events_once(kind, tmp_path):
    with receiver() as there, ledger(kind, tmp_path, **ALLOW) as here:
        webhook = here.house.webhooks.create(OWNER, there.url)
        uids = {here.house.webhooks.test(OWNER, webhook.uid).uid for _ in range(200)}
        started = time.monotonic()
        for _ in range(2):
            here.start_worker()
        here.wait(lambda: delivered(here, webhook) == 200, what="all deliveries")
        print(f"{kind}: 200 deliveries {time.monotonic() - started:.1f} s after two workers began to start")
        assert Counter(call.headers["Tenuto-Delivery"] for call in there.calls) == dict.fromkeys(uids, 1)


def test_a_worker_killed_while_it_sends_is_followed_by_another(kind, tmp_path):
    with receiver(lambda _: time.sleep(60)) as there, ledger(kind, tmp_path, **ALLOW) as here:
        webhook = here.house.webhooks.create(OWNER, there.url)
        worker = here.start_worker(TENUTO_TEST_LEASE="2")
        sent = here.house.webhooks.test(OWNER, webhook.uid)
        here.wait(lambda: there.calls, what="the call")
        worker.kill()
        worker.wait()
        there.answer = 200
        here.start_worker(TENUTO_TEST_LEASE="2")
        here.wait(lambda: delivered(here, webhook) == 1, what="the second call")
        assert {call.headers["Tenuto-Delivery"] for call in there.calls} == {sent.uid}
        assert there.calls[-1].headers["Tenuto-Attempt"] == "2"


def test_a_worker_that_leaves_when_all_is_done_tells_of_the_last_job(kind, tmp_path):
    with receiver() as there, ledger(kind, tmp_path, **ALLOW) as here:
        here.house.webhooks.create(OWNER, there.url)
        uid = submit(here)
        here.start_worker("--drain").wait(60)
        assert [call.json["data"]["job"]["id"] for call in there.calls] == [uid]


def test_nobody_is_told_of_anothers_jobs(kind, tmp_path):
    with receiver() as hers, receiver() as his, ledger(kind, tmp_path, **ALLOW) as here:
        with here.house.database.unit_of_work(EVERYONE) as work:
            other = OwnerRow(name="somebody else")
            work.session.add(other)
            work.session.flush()
            stranger = other.id
        here.house.webhooks.create(OWNER, hers.url)
        here.house.webhooks.create(stranger, his.url)
        ours, theirs = submit(here), submit(here, owner=stranger)
        here.start_worker("--drain").wait(60)
        assert [call.json["data"]["job"]["id"] for call in hers.calls] == [ours]
        assert [call.json["data"]["job"]["id"] for call in his.calls] == [theirs]
