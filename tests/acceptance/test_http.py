"""From an upload to subtitles by HTTP, with real server and worker processes on every kind of ledger and store."""

import contextlib
import json
import socket
import time
import uuid
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from needs import need
from s3_server import ENVIRONMENT, running_s3
from server import running_server

CONVERSATION = Path(__file__).parents[2] / "src" / "tenuto" / "demo" / "conversation.flac"


@contextlib.contextmanager
def s3_store():
    """The settings of a new bucket on a server of its own."""
    need(find_spec("moto") and find_spec("boto3"), "moto[server] and boto3, the local S3 server")
    import boto3

    with running_s3() as address:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
        bucket = f"bucket-{uuid.uuid4().hex}"
        boto3.session.Session().client("s3", endpoint_url=address, **keys).create_bucket(Bucket=bucket)
        yield {
            **ENVIRONMENT,
            "TENUTO_STORAGE_URL": f"s3://{bucket}/audio",
            "TENUTO_S3_ENDPOINT_URL": address,
            "TENUTO_S3_REGION": "us-east-1",
            "TENUTO_S3_ACCESS_KEY": "testing",
            "TENUTO_S3_SECRET_KEY": "testing",
        }


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger(request, tmp_path):
    if request.param == "sqlite":
        yield {}
    else:
        ledgers = request.getfixturevalue("postgres_ledgers")
        with ledgers.fresh(tmp_path, migrated=False) as url:
            yield {"TENUTO_DATABASE_URL": url}


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def store(request):
    with contextlib.nullcontext({}) if request.param == "local" else s3_store() as given:
        yield given


def follow(client, job):
    """Every state that a job was told to be in, until its stream ended."""
    with client.stream("GET", f"/api/jobs/{job}/events") as answer:
        return [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line.startswith("data: ")]


def test_an_upload_becomes_subtitles(tmp_path, ledger, store):
    with running_server(tmp_path, **ledger, **store) as server:
        client = server.client
        with CONVERSATION.open("rb") as sound:
            answer = client.post("/api/jobs", files={"file": ("täglich.flac", sound)}, data={"engine": "fake"})
        assert answer.status_code == 202
        job = answer.json()["id"]
        told = follow(client, job)
        assert told[-1]["status"] == "completed"
        assert [state["progress"] for state in told] == sorted(state["progress"] for state in told)
        subtitles = client.get(f"/api/jobs/{job}/export/srt")
        assert subtitles.text.startswith("1\n00:00:0")
        assert "filename*=UTF-8''t%C3%A4glich.srt" in subtitles.headers["content-disposition"]
        sound = client.get(f"/api/files/{told[-1]['file_id']}/content", headers={"Range": "bytes=4-99"})
        assert sound.content == CONVERSATION.read_bytes()[4:100]
        assert client.get(f"/api/files/{told[-1]['file_id']}/peaks").content
        assert client.delete(f"/api/jobs/{job}").status_code == 204
        assert client.delete(f"/api/files/{told[-1]['file_id']}").status_code == 204
        assert server.stop() == 0


def test_real_speech_is_heard_and_shown(tmp_path):
    with running_server(tmp_path) as server:
        with CONVERSATION.open("rb") as sound:
            job = server.client.post("/api/jobs", files={"file": sound}, data={"engine": "pocketsphinx"}).json()["id"]
        told = follow(server.client, job)
        result = server.client.get(f"/api/jobs/{job}/result").json()
        assert told[-1]["status"] == "completed"
        assert len(result["original_text"].split()) > 20
        assert result["segments"][0]["words"]
        assert result["processed_text"]


def test_a_server_that_leaves_ends_its_streams_and_keeps_the_job(tmp_path):
    with running_server(tmp_path, TENUTO_DRAIN_SECONDS=0) as server:
        options = {"engine": "fake", "extra": {"seconds": 60}}
        with CONVERSATION.open("rb") as sound:
            answer = server.client.post("/api/jobs", files={"file": sound}, data={"options": json.dumps(options)})
        job = answer.json()["id"]
        with server.client.stream("GET", f"/api/jobs/{job}/events") as events:
            lines = events.iter_lines()
            next(line for line in lines if '"transcribing"' in line)
            server.process.terminate()
            assert list(lines)[-1] == ""
        assert server.process.wait(60) == 0
        assert '"action": "worker_stopped"' in server.log_text()
    with running_server(tmp_path, TENUTO_WORKERS=0) as server:
        assert server.client.get(f"/api/jobs/{job}").json()["status"] in ("queued", "processing")


def worker_of(server):
    """The worker process beside a server, once there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(server.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if any("worker.main" in part for part in child.cmdline()):
                    return child
        time.sleep(0.05)
    raise AssertionError("no worker came")


def test_a_killed_worker_is_replaced_and_no_secret_is_logged(tmp_path):
    key = f"tn-{uuid.uuid4().hex}"
    with running_server(tmp_path, TENUTO_API_KEY=key, TENUTO_LOG_LEVEL="DEBUG") as server:
        first = worker_of(server)
        first.kill()
        psutil.wait_procs([first], timeout=30)
        assert worker_of(server).pid != first.pid
        with CONVERSATION.open("rb") as sound:
            job = server.client.post("/api/jobs", files={"file": sound}, data={"engine": "fake"}).json()["id"]
        assert follow(server.client, job)[-1]["status"] == "completed"
        assert server.client.get("/api/jobs", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert server.stop() == 0
        assert '"action": "worker_died"' in server.log_text()
        assert key not in server.log_text()


@pytest.mark.slow
def test_a_client_that_never_ends_does_not_hold_the_server(tmp_path):
    with (
        running_server(tmp_path, TENUTO_WORKERS=0) as server,
        socket.create_connection(("127.0.0.1", server.port)) as stuck,
    ):
        stuck.sendall(
            b"PUT /api/files/raw HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n" + bytes(2 << 20)
        )
        spool = tmp_path / "data" / "files" / "spool"
        while not list(spool.iterdir()):
            time.sleep(0.05)
        assert server.stop() == 0
        assert '"action": "requests_cut"' in server.log_text()
        assert "Traceback" not in server.log_text()
        assert list(spool.iterdir()) == []
