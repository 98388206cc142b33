"""kill -9 of the server on the way from upload to job: what was acknowledged is there, what was not leaves nothing."""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from ledgers import OWNER, TESTS, ledger, make_recording
from tenuto.domain.jobs import JobStatus

POINTS = ["spooled", "probed", "stored", "recorded", "submitted"]
BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
PROGRAM = TESTS / "faulty_server.py"
LOGS = {"TENUTO_PORT": "0", "TENUTO_LOG_FORMAT": "json", "TENUTO_RETENTION_HOURS": "0"}


@contextlib.contextmanager
def server(here, **environment):
    process = here.start_worker(program=PROGRAM, **LOGS, **environment)
    log = here.folder / f"worker-{len(here.workers) - 1}.log"
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port_of(here, process, log)}", timeout=60, trust_env=False
    ) as client:
        yield process, client
    end(process)


def port_of(here, process, log):
    def listening():
        assert process.poll() is None, log.read_text()
        return [json.loads(line) for line in log.read_text().splitlines() if '"listening"' in line]

    return here.wait(listening, what="the server to listen")[0]["port"]


def end(process):
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=60)


def send(client, recording, key):
    files = {"file": ("a.wav", recording, "audio/wav")}
    return client.post("/api/jobs", data={"engine": "fake"}, files=files, headers={"Idempotency-Key": key})


@BOTH
def test_a_server_killed_at_any_point_of_an_upload_keeps_its_word(kind, tmp_path):
    recording = make_recording(tmp_path / "a.wav", 2).read_bytes()
    with ledger(kind, tmp_path) as here:
        for point in POINTS:
            before = here.house.processing.unfinished()
            with server(here, TENUTO_TEST_DIE_AT=point, TENUTO_WORKERS="0") as (process, client):
                with pytest.raises(httpx.TransportError):
                    send(client, recording, point)
                assert process.wait(timeout=30) == -9
            here.house.database.dispose()
            assert here.house.processing.unfinished() - before == (point == "submitted"), point
            report = here.house.upkeep.verify()
            assert report.sound, point
        jobs = here.house.processing.listed(OWNER).rows
        assert [job.file_name for job in jobs] == ["a.wav"]
        with server(here) as (_, client):
            here.wait_for(jobs[0].uid, JobStatus.COMPLETED)
            assert client.get(f"/api/jobs/{jobs[0].uid}/export/srt").status_code == 200
        sweep_everything(here)
        rows = here.house.files.get_all(OWNER).rows
        assert here.house.upkeep.verify().strays == []
        assert len(rows) == 2  # "recorded" and "submitted" had committed their file
        assert list(here.house.content.storage.spool_dir().iterdir()) == []


def sweep_everything(here):
    long_ago = time.time() - 7200
    for path in Path(here.folder / "files").rglob("*"):
        os.utime(path, (long_ago, long_ago))
    here.house.upkeep.cleanup_old_audio_files()


@BOTH
def test_acknowledged_jobs_outlive_a_server_and_worker_killed_together(kind, tmp_path):
    recording = make_recording(tmp_path / "a.wav", 2).read_bytes()
    with ledger(kind, tmp_path) as here:
        with server(here) as (process, client):
            ids = [send(client, recording, str(index)).json()["id"] for index in range(12)]
            here.wait(lambda: here.job(ids[0]).status is not JobStatus.QUEUED, what="the first job to start")
            # The whole group: server, worker and their children (which have groups of their own but die with their parents).
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)
        here.house.database.dispose()
        with server(here):
            for uid in ids:
                assert (
                    here.wait_for(uid, JobStatus.COMPLETED, JobStatus.FAILED, seconds=90).status is JobStatus.COMPLETED
                )
                steps = [row.step for row in here.house.processing.steps(OWNER, uid) if row.part == -1]
                assert sorted(steps) == ["playback", "polish", "prepare", "speakers", "times", "transcribe"]
