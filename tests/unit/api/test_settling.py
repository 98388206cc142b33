"""What may take time, such as asking a model hub, is settled before a transaction begins."""

import pytest

from tenuto.db import connect
from tenuto.domain.jobs import JobStatus


@pytest.fixture
def others_write(house, monkeypatch):
    """Whoever asks for the price or the lane finds that others can write at that moment."""
    processing = house.processing
    price, lane_of = processing.pricing.estimate, processing.lane_of
    asked = []

    def write():
        asked.append("asked")
        with house.database.unit_of_work(1) as work:
            work.session.flush()

    class Pricing:
        table = processing.pricing.table

        @staticmethod
        def estimate(*wanted):
            write()
            return price(*wanted)

    def lane(*wanted):
        write()
        return lane_of(*wanted)

    monkeypatch.setattr(connect, "LOCK_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(processing, "pricing", Pricing)
    monkeypatch.setattr(processing, "lane_of", lane)
    return asked


SAY = {"kind": "speak", "options": {"text": "Good morning."}}


def test_a_job_is_settled_before_it_is_written(client, others_write):
    assert client.post("/api/jobs", json=SAY).status_code == 202
    assert others_write


def test_a_held_job_is_settled_before_it_is_started(client, others_write):
    job = client.post("/api/jobs", json={**SAY, "hold": True}).json()
    assert client.post(f"/api/jobs/{job['id']}/start").status_code < 300
    assert client.get(f"/api/jobs/{job['id']}").json()["status"] == "queued"


def test_a_job_is_settled_before_it_is_retried(client, worker, others_write):
    job = client.post("/api/jobs", json=SAY).json()
    worker.claim(job["id"])
    worker.end(job["id"], JobStatus.FAILED, error_code="engine_failed")
    assert client.post(f"/api/jobs/{job['id']}/retry").status_code < 300


def test_a_request_that_was_sent_before_settles_nothing(client, others_write):
    first = client.post("/api/jobs", json=SAY, headers={"Idempotency-Key": "one"}).json()
    others_write.clear()
    assert client.post("/api/jobs", json=SAY, headers={"Idempotency-Key": "one"}).json()["id"] == first["id"]
    assert not others_write
