"""Jobs that a worker left behind, and jobs that no worker takes: they can be ended, and somebody says so."""

import pytest

from tenuto.cli.local import LocalBackend


def queue_part(client):
    return next(part for part in client.get("/health").json()["components"] if part["name"] == "queue")


@pytest.mark.parametrize("seen", [None, 0.0], ids=["unknown", "silent"])
def test_a_job_whose_worker_is_gone_is_cancelled_and_deleted_at_once(client, submitted, worker, seen):
    if seen is not None:
        worker.live(last_seen=seen)
    worker.claim(submitted["id"])
    address = f"/api/jobs/{submitted['id']}"
    assert client.post(f"{address}/cancel").json()["status"] == "cancelled"
    assert client.delete(address).status_code == 204


def test_health_tells_of_jobs_that_nobody_holds(client, submitted, worker):
    worker.claim(submitted["id"])
    said = queue_part(client)
    assert (said["status"], "1 job(s) are held by workers that are gone" in said["detail"]) == ("warning", True)
    worker.live("worker-2")
    assert queue_part(client)["status"] == "warning"
    worker.live()
    assert queue_part(client)["status"] == "ok"


def test_health_tells_of_jobs_that_no_worker_takes(client, submitted, worker):
    worker.live(lanes=["kind-speak"])
    said = queue_part(client)
    assert (said["status"], "none of them takes the jobs that wait in short" in said["detail"]) == ("warning", True)
    worker.live("worker-2", lanes=["cpu", "short"])
    assert queue_part(client)["status"] == "ok"


def test_who_watches_a_job_sees_whether_a_worker_will_take_it(house, submitted, worker):
    assert house.health.nobody_for([submitted["id"]])
    worker.live(lanes=["kind-speak"])
    assert house.health.nobody_for([submitted["id"]])
    worker.live("worker-2", lanes=["short"])
    assert not house.health.nobody_for([submitted["id"]])


def test_a_worker_of_an_earlier_version_is_taken_to_serve_all(house, submitted, worker):
    worker.live(lanes=None)
    assert not house.health.nobody_for([submitted["id"]])


def test_a_command_brings_a_worker_when_the_others_do_other_work(house, submitted, worker, monkeypatch):
    class Brought:
        def __init__(self, _house):
            self.started = False

        def start(self):
            self.started = True

    monkeypatch.setattr("tenuto.worker.main.WorkerProcess", Brought)
    monkeypatch.setattr("tenuto.cli.local.signal.signal", lambda *_: None)
    worker.live(lanes=["kind-speak"])
    backend = LocalBackend(house)
    backend.attend([submitted["id"]])
    assert backend.worker.started
