"""Two hundred hostile files through the front door: each is refused or its job fails, and nothing else suffers."""

import json
import random
import threading
import time
from pathlib import Path

import httpx
import pytest

from hostile.canary import canary_watch
from hostile.corpus import CASES, write_corpus
from ledgers import make_recording
from server import running_server

CHOSEN = 200
CLIENT_CODES = {"unsupported_media", "broken_media", "limit_exceeded", "too_large", "rejected_file"}
ENDED = {"completed", "failed", "cancelled"}


def chosen_cases():
    """All that must be refused or fail, filled up with odd ones; the same at each run."""
    dice = random.Random(7)
    bad = [case for case in CASES if case.expect in ("refused", "fails")]
    odd = [case for case in CASES if case.expect == "odd"]
    return bad[:CHOSEN] if len(bad) >= CHOSEN else bad + dice.sample(odd, CHOSEN - len(bad))


class Heartbeat(threading.Thread):
    """Asks /health/live all the while and keeps what it got."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.answers, self.done = url, [], threading.Event()

    def run(self):
        with httpx.Client(base_url=self.url, timeout=10, trust_env=False) as client:
            while not self.done.wait(0.1):
                self.answers.append(client.get("/health/live").status_code)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hostile_files_are_refused_or_fail_and_the_server_stays_well(tmp_path):
    with canary_watch(tmp_path) as watch, running_server(tmp_path, TENUTO_RETENTION_HOURS="0") as server:
        files = write_corpus(tmp_path / "corpus", watch.canary)
        pulse = Heartbeat(server.url)
        pulse.start()
        jobs = {}
        for case in chosen_cases():
            body = files[case.name].read_bytes()
            data = {"engine": "fake"}
            answer = server.client.post("/api/jobs", data=data, files={"file": (case.filename, body, "audio/wav")})
            if answer.status_code == 202:
                assert case.expect != "refused", case.name
                jobs[case.name] = (case, answer.json()["id"])
            else:
                refusal(case, answer)
        for name, (case, job_id) in jobs.items():
            job = ended(server.client, job_id)
            if case.expect == "fails":
                assert job["status"] == "failed", name
            if job["status"] == "failed":
                assert job["error"]["code"] in CLIENT_CODES, (name, job["error"])
                assert job["attempts"] == 1, name
        pulse.done.set()
        pulse.join()
        assert set(pulse.answers) == {200}
        assert not watch.hits
        everything_is_tidy_and_works(server, tmp_path)


def refusal(case, answer):
    assert 400 <= answer.status_code < 500, (case.name, answer.status_code, answer.text)
    problem = json.loads(answer.content)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["code"] in CLIENT_CODES | {"invalid"}, (case.name, problem)
    assert "Traceback" not in answer.text
    assert str(Path.cwd()) not in answer.text


def ended(client, job_id):
    while True:  # The test's own time limit ends a job that never does.
        job = client.get(f"/api/jobs/{job_id}").json()
        if job["status"] in ENDED:
            return job
        time.sleep(0.05)


def everything_is_tidy_and_works(server, tmp_path):
    data = tmp_path / "data"
    assert list((data / "files" / "spool").iterdir()) == []
    assert list((data / "work").glob("*/*")) == []
    assert "Traceback" not in server.log_text()
    good = make_recording(tmp_path / "good.wav", 2).read_bytes()
    answer = server.client.post("/api/jobs", data={"engine": "fake"}, files={"file": ("good.wav", good)})
    assert ended(server.client, answer.json()["id"])["status"] == "completed"
