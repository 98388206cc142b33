"""A budget at a real server: of fifty clients at once exactly those are served that it allows."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledgers import make_recording
from server import running_server

pytestmark = pytest.mark.slow
DONE = ("completed", "failed", "cancelled")


def wait_until_all_ended(server, number):
    for _ in range(1200):
        items = server.client.get("/api/jobs?limit=100").json()["items"]
        if len(items) == number and all(item["status"] in DONE for item in items):
            return items
        time.sleep(0.05)
    raise AssertionError(items)


def test_of_fifty_requests_at_once_a_budget_for_ten_serves_ten_and_no_more(tmp_path):
    prices = '{"fake": {"minute": 1.5, "round_seconds": 4}}'  # two seconds, rounded up to four: a tenth
    with running_server(tmp_path, TENUTO_PRICES=prices, TENUTO_CURRENCY="EUR") as server:
        server.client.put("/api/budgets", json={"period": "month", "limit": "1.04"}).raise_for_status()
        data = make_recording(tmp_path / "two.wav", 2).read_bytes()
        file = server.client.post("/api/files", files={"file": ("two.wav", data)}).json()["id"]
        wish = {"file_id": file, "options": {"engine": "fake"}}
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda _: server.client.post("/api/jobs", json=wish), range(50)))
        assert sorted(answer.status_code for answer in answers) == [202] * 10 + [402] * 40
        assert {answer.json()["code"] for answer in answers if answer.status_code == 402} == {"budget_exceeded"}

        jobs = wait_until_all_ended(server, 10)
        assert {(job["status"], job["cost_estimate"], job["cost"]) for job in jobs} == {("completed", 0.1, 0.1)}
        (budget,) = server.client.get("/api/budgets").json()["items"]
        assert (budget["spent"], budget["reserved"], budget["left"]) == (1.0, 0.0, 0.04)
        (sums,) = server.client.get("/api/usage").json()["items"]
        assert (sums["calls"], sums["audio_seconds"], sums["cost"]) == (10, 20.0, 1.0)
        assert server.client.post("/api/jobs", json=wish).status_code == 402
