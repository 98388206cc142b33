"""One request id from the client to the last log line of the worker; nothing from outside breaks a line."""

import json

import pytest

from ledgers import make_recording
from server import running_server


def wait_until_done(client, job_id):
    with client.stream("GET", f"/api/jobs/{job_id}/events") as events:
        for _ in events.iter_lines():
            pass
    return client.get(f"/api/jobs/{job_id}").json()["status"]


@pytest.mark.slow
def test_the_clients_request_id_is_on_every_line_of_its_job(tmp_path):
    recording = make_recording(tmp_path / "a.wav", 1).read_bytes()
    with running_server(tmp_path) as server:
        files = {"file": ('a\r\n{"level": "forged"}\u2028.wav', recording, "audio/wav")}
        answer = server.client.post(
            "/api/jobs", data={"engine": "fake"}, files=files, headers={"X-Request-ID": "mine-42"}
        )
        assert answer.headers["X-Request-ID"] == "mine-42"
        job_id = answer.json()["id"]
        assert wait_until_done(server.client, job_id) == "completed"
        lines = [json.loads(line) for line in server.log_text().splitlines()]
    mine = [line for line in lines if line.get("job_id") == job_id]
    assert {"job_accepted", "job_started", "step_finished", "job_ended"} <= {line["action"] for line in mine}
    assert {line["request_id"] for line in mine} == {"mine-42"}
    assert not [line for line in lines if line["level"] == "forged"]


@pytest.mark.slow
def test_a_request_id_that_could_forge_a_line_is_replaced(tmp_path):
    with running_server(tmp_path, TENUTO_WORKERS="0") as server:
        answer = server.client.get("/health", headers={"X-Request-ID": "a b; drop"})
        assert answer.headers["X-Request-ID"] != "a b; drop"
        assert answer.headers["X-Request-ID"].replace("-", "").isalnum()


@pytest.mark.slow
def test_secrets_are_in_no_log_line(tmp_path):
    secrets = {"TENUTO_API_KEY": "planted-key-123456", "OPENAI_API_KEY": "sk-planted-openai"}
    with running_server(tmp_path, TENUTO_WORKERS="0", TENUTO_LOG_LEVEL="DEBUG", **secrets) as server:
        server.client.get("/api/jobs")
        server.client.get("/api/jobs", headers={"Authorization": "Bearer wrong-planted-key"})
        server.client.get("/api/jobs", params={"key": "planted-in-query"})
        text = server.log_text()
    for secret in (*secrets.values(), "wrong-planted-key", "planted-in-query"):
        assert secret not in text
