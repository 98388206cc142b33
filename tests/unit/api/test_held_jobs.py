"""A job that is held waits for a person: nothing runs, nothing is set aside, until it is started."""

import pytest


@pytest.fixture
def house(make_house):
    return make_house(prices={"fake": {"request": 1}})


@pytest.fixture
def held(client, uploaded):
    wish = {"file_id": uploaded["id"], "options": {"engine": "fake"}, "hold": True}
    return client.post("/api/jobs", json=wish).json()


def budget(client, limit):
    client.put("/api/budgets", json={"period": "total", "limit": limit})


def reserved(client):
    return client.get("/api/budgets").json()["items"][0]["reserved"]


def statuses(client, uid):
    return [event["new_status"] for event in client.get(f"/api/jobs/{uid}/log").json()["events"]]


def test_a_held_job_shows_what_it_would_cost_and_sets_nothing_aside(client, house, uploaded):
    budget(client, 0)
    wish = {"file_id": uploaded["id"], "options": {"engine": "fake"}, "hold": True}
    job = client.post("/api/jobs", json=wish).json()
    assert (job["status"], job["cost_estimate"], job["queued_at"], reserved(client)) == ("uploaded", 1.0, None, 0)
    assert house.queue.state(job["id"]).status == ""
    assert house.processing.unfinished() == 0
    assert client.get("/api/jobs").json()["counts"] == {"transcribe": {"uploaded": 1}}


def test_starting_it_queues_it_once(client, house, held):
    budget(client, 1)
    started = client.post(f"/api/jobs/{held['id']}/start")
    assert (started.status_code, started.json()["status"], reserved(client)) == (202, "queued", 1.0)
    assert house.queue.state(held["id"]).status == "ENQUEUED"
    again = client.post(f"/api/jobs/{held['id']}/start")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
    assert statuses(client, held["id"]) == ["uploaded", "queued"]


def test_a_budget_is_asked_when_it_is_started(client, house, held):
    budget(client, 0.5)
    refused = client.post(f"/api/jobs/{held['id']}/start")
    assert (refused.status_code, refused.json()["code"]) == (402, "budget_exceeded")
    assert client.get(f"/api/jobs/{held['id']}").json()["status"] == "uploaded"
    assert house.queue.state(held["id"]).status == ""


def test_a_held_job_can_be_cancelled_retried_and_keeps_its_recording(client, house, held, uploaded):
    assert client.delete(f"/api/files/{uploaded['id']}").status_code == 409
    assert client.post(f"/api/jobs/{held['id']}/cancel").json()["status"] == "cancelled"
    assert client.post(f"/api/jobs/{held['id']}/retry").json()["status"] == "queued"
    assert house.queue.state(held["id"]).status == "ENQUEUED"


def test_a_form_can_ask_for_it_too(client, recording):
    sent = client.post("/api/jobs", files={"file": ("a.wav", recording)}, data={"engine": "fake", "hold": "true"})
    assert (sent.status_code, sent.json()["status"]) == (202, "uploaded")


def test_the_same_key_with_and_without_hold_are_two_wishes(client, uploaded):
    wish, key = {"file_id": uploaded["id"], "options": {"engine": "fake"}}, {"Idempotency-Key": "one"}
    assert client.post("/api/jobs", json={**wish, "hold": True}, headers=key).status_code == 202
    assert client.post("/api/jobs", json=wish, headers=key).status_code == 409
