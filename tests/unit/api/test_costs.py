"""Prices, estimates, budgets and sums at the door."""

import csv
import io

import pytest

from tenuto.db.steps import Finished
from tenuto.db.usage import Call
from tenuto.domain.costs import Usage
from tenuto.domain.jobs import JobStatus
from tenuto.services.purse import record_usage

DAY = {"from": "2000-01-01", "to": "2100-01-01"}


@pytest.fixture
def house(make_house):
    """The recording is two seconds, so a job costs two sixtieths of the price of a minute: 0.04."""
    return make_house(prices={"fake": {"minute": 1.2}}, currency="EUR")


@pytest.fixture
def wish(uploaded):
    return {"file_id": uploaded["id"], "options": {"engine": "fake"}}


@pytest.fixture
def pay(house):
    """A worker that keeps a part of a job and pays for it."""

    def paid(uid, part=0, audio_ms=1000):
        with house.database.unit_of_work(None) as work:
            job = work.jobs.get_by_id(uid)
            if job.status is JobStatus.QUEUED:
                job = work.jobs.claim(job, "w")
            work.steps.record(job, "w", Finished("transcribe", part, job.created_at, {}))
            usage = Usage("fake", "fake-1", audio_ms=audio_ms)
            record_usage(
                work, job, Call("transcribe", part, job.created_at.date()), usage, house.processing.pricing.table
            )

    return paid


def budget(client, limit, period="total", engine=""):
    return client.put("/api/budgets", json={"period": period, "limit": limit, "engine": engine})


def test_an_estimate_costs_nothing_and_makes_no_job(client, wish):
    found = client.post("/api/jobs/estimate", json=wish).json()
    assert (found["engine"], found["cost_estimate"], found["currency"]) == ("fake", 0.04, "EUR")
    expected = {"engine": "fake", "model": "fake-1", "requests": 1, "audio_seconds": 2.0, "characters": 0}
    assert found["expected"] == [expected]
    assert client.get("/api/jobs").json()["items"] == []


def test_an_estimate_of_an_engine_that_is_not_here_is_refused(client, wish):
    answer = client.post("/api/jobs/estimate", json={**wish, "options": {"engine": "whisper"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_job_tells_its_estimate_and_then_what_it_cost(client, wish, pay):
    job = client.post("/api/jobs", json=wish).json()
    assert (job["cost_estimate"], job["cost"], job["currency"]) == (0.04, 0.0, "EUR")
    pay(job["id"])
    assert client.get(f"/api/jobs/{job['id']}").json()["cost"] == 0.02


def test_an_engine_without_a_price_costs_nothing(client, wish):
    job = client.post("/api/jobs", json={**wish, "options": {"engine": "pocketsphinx"}}).json()
    assert (job["cost_estimate"], job["warnings"]) == (0.0, [])


def test_a_paid_engine_without_a_price_says_so(client, house, wish, monkeypatch):
    monkeypatch.setattr("tenuto.engines.pocketsphinx.PocketsphinxTranscriber.paid", True, raising=False)
    job = client.post("/api/jobs", json={**wish, "options": {"engine": "pocketsphinx"}}).json()
    assert "No price is set for the paid engine pocketsphinx" in job["warnings"][0]


def test_a_budget_refuses_what_it_does_not_allow_and_leaves_no_trace(client, wish):
    assert budget(client, 0.1).status_code == 200
    answers = [client.post("/api/jobs", json=wish) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 402]
    problem = answers[2].json()
    assert problem["code"] == "budget_exceeded"
    for part in ("0.10 EUR", "0.08 EUR", "0.04 EUR"):
        assert part in problem["detail"]
    assert len(client.get("/api/jobs").json()["items"]) == 2
    (standing,) = client.get("/api/budgets").json()["items"]
    assert (standing["spent"], standing["reserved"], standing["left"]) == (0, 0.08, 0.02)


def test_a_recording_sent_along_does_not_stay_when_a_budget_refuses_the_job(client, recording):
    budget(client, 0)
    sent = client.post("/api/jobs", files={"file": ("a.wav", recording)}, data={"engine": "fake"})
    assert sent.status_code == 402
    assert client.get("/api/files").json()["items"] == []


def test_work_that_costs_nothing_is_never_refused(client, wish):
    budget(client, 0)
    assert client.post("/api/jobs", json={**wish, "options": {"engine": "pocketsphinx"}}).status_code == 202


def test_the_same_request_sent_again_sets_nothing_more_aside(client, wish):
    budget(client, 0.04)
    answers = [client.post("/api/jobs", json=wish, headers={"Idempotency-Key": "one"}) for _ in range(3)]
    assert {(answer.status_code, answer.json()["id"]) for answer in answers} == {(202, answers[0].json()["id"])}


def test_cancelling_gives_back_and_a_retry_takes_again(client, wish):
    budget(client, 0.05)
    first = client.post("/api/jobs", json=wish).json()["id"]
    client.post(f"/api/jobs/{first}/cancel")
    second = client.post("/api/jobs", json=wish)
    assert second.status_code == 202
    refused = client.post(f"/api/jobs/{first}/retry")
    assert (refused.status_code, client.get(f"/api/jobs/{first}").json()["status"]) == (402, "cancelled")
    client.post(f"/api/jobs/{second.json()['id']}/cancel")
    assert client.post(f"/api/jobs/{first}/retry").status_code == 202


def test_a_retry_sets_aside_only_what_is_still_to_be_paid(client, wish, pay, worker, house):
    budget(client, 0.04)
    job = client.post("/api/jobs", json=wish).json()["id"]
    pay(job, audio_ms=1500)
    with house.database.unit_of_work(None) as work:
        work.jobs.move(work.jobs.get_by_id(job), JobStatus.FAILED, actor="w", error_code="engine_failed")
    assert client.post(f"/api/jobs/{job}/retry").status_code == 202
    (standing,) = client.get("/api/budgets").json()["items"]
    assert (standing["spent"], standing["reserved"], standing["left"]) == (0.03, 0.01, 0.0)


def test_a_budget_is_changed_by_setting_it_again_and_goes_when_deleted(client):
    first, second = budget(client, 5, "month").json(), budget(client, "7.5", "month").json()
    other = budget(client, 1, "month", "fake").json()
    assert (first["id"], second["limit"]) == (second["id"], 7.5)
    assert [item["id"] for item in client.get("/api/budgets").json()["items"]] == [other["id"], first["id"]]
    assert client.delete(f"/api/budgets/{first['id']}").status_code == 204
    assert client.delete(f"/api/budgets/{first['id']}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"period": "week", "limit": 1},
        {"period": "day", "limit": -1},
        {"period": "day", "limit": "NaN"},
        {"period": "day", "limit": 0.0000001},
        {"period": "day", "limit": 10**13},
        {"period": "day", "limit": 1, "engine": "nobody"},
        {"period": "day"},
        {"period": "day", "limit": 1, "owner": 2},
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(client, wrong):
    answer = client.put("/api/budgets", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_sums_by_engine_day_job_and_owner_agree(client, wish, pay):
    jobs = [client.post("/api/jobs", json=wish).json()["id"] for _ in range(3)]
    for job in jobs:
        pay(job, 0)
        pay(job, 1)
    for by, number in (("engine", 1), ("day", 1), ("job", 3), ("owner", 1)):
        found = client.get("/api/usage", params={"by": by, **DAY}).json()
        assert len(found["items"]) == number
        assert round(sum(item["cost"] for item in found["items"]), 6) == 0.12
        assert sum(item["audio_seconds"] for item in found["items"]) == 6
        assert sum(item["calls"] for item in found["items"]) == 6
    first = client.get("/api/usage", params={"by": "engine"}).json()["items"][0]
    assert (first["key"], first["model"]) == ("fake", "fake-1")


def test_jobs_come_in_pages_newest_first(client, wish, pay):
    jobs = [client.post("/api/jobs", json=wish).json()["id"] for _ in range(5)]
    for job in jobs:
        pay(job)
    seen, cursor = [], None
    while True:
        page = client.get(
            "/api/usage", params={"by": "job", "limit": 2, **({"cursor": cursor} if cursor else {})}
        ).json()
        seen += [item["key"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == jobs[::-1]


def test_what_a_deleted_job_cost_stays(client, wish, pay, worker):
    job = client.post("/api/jobs", json=wish).json()["id"]
    pay(job)
    worker.end(job)
    client.delete(f"/api/jobs/{job}")
    (item,) = client.get("/api/usage", params={"by": "job"}).json()["items"]
    assert (item["key"], item["cost"]) == (job, 0.02)


def test_a_table_for_spreadsheets_holds_all_of_it(client, wish, pay):
    jobs = [client.post("/api/jobs", json=wish).json()["id"] for _ in range(3)]
    for job in jobs:
        pay(job)
    answer = client.get("/api/usage", params={"by": "job", "csv": True, "limit": 1})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["job"] for row in rows] == jobs[::-1]
    assert {(row["cost"], row["currency"], row["audio_seconds"]) for row in rows} == {("0.020000", "EUR", "1.0")}


def test_a_time_that_ends_before_it_begins_is_refused(client):
    answer = client.get("/api/usage", params={"from": "2026-02-01", "to": "2026-01-01"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_usage_by_user_is_usage_by_owner(client, wish, pay):
    pay(client.post("/api/jobs", json=wish).json()["id"])
    by_user, by_owner = (client.get(f"/api/usage?by={way}").json() for way in ("user", "owner"))
    assert by_user["items"] == by_owner["items"] != []
    assert by_user["by"] == "user"
