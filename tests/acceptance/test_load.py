"""A thousand jobs from eight clients at once: none lost, none doubled."""

import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from ledgers import database_url, make_recording
from server import running_server

CLIENTS = 8
STANDSTILL_SECONDS = 120


def submit_many(server, recording, marks, numbers):
    """What one client does: bring a recording, then ask for job after job on it."""
    with httpx.Client(base_url=server.url, timeout=120, trust_env=False) as client:
        file = client.post("/api/files", files={"file": (f"{numbers[0]}.wav", recording, "audio/wav")}).json()["id"]
        return [submit(client, file, f"{marks}/{number}") for number in numbers]


def submit(client, file, mark):
    options = {"engine": "fake", "extra": {"mark_file": mark}}
    answer = client.post("/api/jobs", json={"kind": "transcribe", "file_id": file, "options": options})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(
    ("kind", "jobs"), [("sqlite", 1000), pytest.param("postgresql", 160, marks=pytest.mark.postgres)]
)
def test_all_jobs_of_eight_clients_are_each_done_once(kind, jobs, tmp_path):
    recording = make_recording(tmp_path / "short.wav", 1).read_bytes()
    marks = tmp_path / "marks"
    marks.mkdir()
    settings = {"TENUTO_CONCURRENCY": "8"}
    with database_url(kind, tmp_path) as url, running_server(tmp_path, TENUTO_DATABASE_URL=url, **settings) as server:
        with ThreadPoolExecutor(CLIENTS) as pool:
            shares = [range(first, jobs, CLIENTS) for first in range(CLIENTS)]
            found = pool.map(lambda numbers: submit_many(server, recording, marks, numbers), shares)
            ids = [uid for each in found for uid in each]
        assert len(set(ids)) == jobs
        wait_until_done(server)
        found = list(all_jobs(server.client))
        assert Counter(job["id"] for job in found) == dict.fromkeys(ids, 1)
        assert not [(job["status"], job["error"]) for job in found if job["status"] != "completed"], server.log_text()
        assert {job["attempts"] for job in found} == {1}
        calls = [len(path.read_text().splitlines()) for path in Path(marks).iterdir()]
        assert calls == [1] * jobs


def wait_until_done(server):
    """Follow the counts until nothing waits or runs. A busy machine may take its time, but never without progress."""
    seen, deadline = None, time.monotonic() + STANDSTILL_SECONDS
    while True:
        counts = server.client.get("/api/jobs", params={"limit": 1}).json()["counts"]["transcribe"]
        if not counts.get("queued") and not counts.get("processing"):
            return
        if counts != seen:
            seen, deadline = counts, time.monotonic() + STANDSTILL_SECONDS
        assert time.monotonic() < deadline, (
            f"nothing moved for {STANDSTILL_SECONDS} s: {counts}\n{server.log_text()[-4000:]}"
        )
        time.sleep(0.2)


def all_jobs(client):
    cursor = None
    while True:
        page = client.get("/api/jobs", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def test_one_key_sent_twenty_times_at_once_makes_one_job(tmp_path):
    recording = make_recording(tmp_path / "short.wav", 1).read_bytes()
    with running_server(tmp_path, TENUTO_WORKERS="0") as server:
        file = server.client.post("/api/files", files={"file": ("a.wav", recording)}).json()["id"]
        key = {"Idempotency-Key": str(uuid.uuid4())}

        def ask(_):
            with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
                return client.post("/api/jobs", json={"kind": "transcribe", "file_id": file}, headers=key)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(20)))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["id"] for answer in answers}) == 1
        other = {"kind": "transcribe", "file_id": file, "options": {"language": "de"}}
        assert server.client.post("/api/jobs", json=other, headers=key).status_code == 409
