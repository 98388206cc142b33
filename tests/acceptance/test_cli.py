"""The command line as a person uses it: real processes, every kind of ledger and store."""

import contextlib
import json
import shutil
import signal
import uuid
from importlib.util import find_spec

import pytest

from cli_environment import RECORDING, Command, read_until
from ledgers import make_recording
from needs import need
from s3_server import ENVIRONMENT, running_s3


@contextlib.contextmanager
def store_settings(kind):
    if kind == "local":
        yield {}
        return
    need(find_spec("moto") and find_spec("boto3"), "moto[server] and boto3, the local S3 server")
    import boto3

    with running_s3() as address:
        name = f"bucket-{uuid.uuid4().hex}"
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=address, **keys).create_bucket(Bucket=name)
        yield {**ENVIRONMENT, "TENUTO_STORAGE_URL": f"s3://{name}/tenuto", "TENUTO_S3_ENDPOINT_URL": address}


@pytest.fixture
def tenuto(tmp_path):
    command = Command(tmp_path)
    yield command
    command.close()


@pytest.fixture
def talk(tmp_path):
    return shutil.copyfile(RECORDING, tmp_path / "talk.flac")


@pytest.mark.slow
@pytest.mark.parametrize("store", ["local", pytest.param("s3", marks=pytest.mark.s3)])
@pytest.mark.parametrize("ledger", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_from_a_recording_to_subtitles(request, tmp_path, talk, ledger, store):
    ledgers = request.getfixturevalue("sqlite_ledgers" if ledger == "sqlite" else "postgres_ledgers")
    with ledgers.fresh(tmp_path, migrated=False) as url, store_settings(store) as settings:
        tenuto = Command(tmp_path, TENUTO_DATABASE_URL=url, **settings)
        done = tenuto("transcribe", talk, "--engine", "fake", "--format", "srt,json")
        assert done.code == 0, done.err
        assert done.out == ""
        assert "completed, 100 %" in done.err
        assert (tmp_path / "talk.srt").read_text().startswith("1\n00:00:0")
        assert "[fake]" in (tmp_path / "talk.json").read_text()
        job = tenuto("jobs", "list", "--json").json["items"][0]
        assert (job["status"], job["file_name"]) == ("completed", "talk.flac")
        assert tenuto("export", job["id"], "-f", "srt").out == (tmp_path / "talk.srt").read_text()
        assert tenuto("storage", "verify", "--json").json["sound"]


def test_text_is_all_that_comes_out_of_a_pipe(tenuto, talk):
    done = tenuto("transcribe", talk, "--engine", "fake")
    assert done.code == 0, done.err
    assert done.out.startswith("S1: [fake] ")
    assert done.out == tenuto("export", tenuto("jobs", "list", "--json").json["items"][0]["id"]).out


def test_a_bad_file_does_not_stop_the_others(tenuto, talk, tmp_path):
    (tmp_path / "words.wav").write_text("these are words, not sound\n" * 50)
    done = tenuto("transcribe", tmp_path / "words.wav", talk, tmp_path / "gone.wav", "--engine", "fake", "--json")
    assert done.code == 3
    assert [item["code"] for item in done.json["refused"]] == ["unsupported_media", "not_found"]
    assert done.json["jobs"][0]["outputs"][0]["text"].startswith("S1: [fake]")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_the_job_safe_and_the_next_command_goes_on(tenuto, talk, number):
    first = tenuto.start("transcribe", talk, "--engine", "pocketsphinx")
    read_until(first.stderr, "transcribing")
    first.send_signal(number)
    _, said = first.communicate(timeout=60)
    assert first.returncode == 130
    job_id = said.strip().rpartition("tenuto jobs watch ")[2]
    assert tenuto("jobs", "show", job_id, "--json").json["status"] == "queued"
    told = tenuto("jobs", "watch", job_id, "--json")
    assert told.code == 0, told.err
    assert '"status": "completed"' in told.out.splitlines()[-1]
    log = tenuto("jobs", "log", job_id, "--json").json
    assert [step["step"] for step in log["steps"]].count("prepare") == 1
    assert "conversation" not in told.err
    assert "good morning" in tenuto("export", job_id).out


@pytest.mark.slow
def test_who_watches_takes_over_when_the_worker_is_killed(tenuto, tmp_path):
    long = make_recording(tmp_path / "long.wav", 1800)
    first = tenuto.start("transcribe", long, "--engine", "pocketsphinx")
    read_until(first.stderr, "transcribing")
    job_id = tenuto("jobs", "list", "--json").json["items"][0]["id"]
    watching = tenuto.start("jobs", "watch", job_id)
    read_until(watching.stderr, "processing")
    first.kill()
    while "was lost; the finished steps are kept" not in tenuto("jobs", "log", job_id).out:
        assert watching.poll() is None
    watching.send_signal(signal.SIGINT)
    assert watching.wait(60) == 130
    assert tenuto("jobs", "cancel", job_id).code == 0


@pytest.mark.slow
def test_workers_do_what_was_left_to_them(tenuto, talk):
    left = tenuto("transcribe", talk, "--engine", "fake", "--no-wait", "--json").json["jobs"][0]
    assert left["status"] == "queued"
    assert "queued" in tenuto("transcribe", talk, "--engine", "fake", "--no-wait").out
    assert tenuto("jobs", "list", "--status", "queued", "--json").json["items"][1]["id"] == left["id"]
    done = tenuto("work", "--drain", "--concurrency", "2", "--json")
    assert done.code == 0, done.err
    assert all(line.startswith("{") for line in done.err.splitlines())
    assert tenuto("jobs", "list", "--json").json["items"][1]["status"] == "completed"


def test_a_failed_job_is_told_and_fails_the_command(tenuto, talk, tmp_path):
    left = tenuto("transcribe", talk, "--engine", "fake", "--no-wait", "--json").json["jobs"][0]
    stored = [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]
    for path in stored:
        path.unlink()
    done = tenuto("jobs", "watch", left["id"])
    assert done.code == 1
    shown = tenuto("jobs", "show", left["id"], "--json").json
    assert shown["status"] == "failed"
    assert shown["error"]["message"] in done.err


@pytest.mark.postgres
@pytest.mark.slow
def test_work_moves_from_sqlite_to_postgresql_and_goes_on(tenuto, talk, tmp_path, postgres_ledgers):
    assert tenuto("transcribe", talk, "--engine", "fake").code == 0
    left = tenuto("transcribe", talk, "--engine", "fake", "--no-wait", "--json").json["jobs"][0]
    with postgres_ledgers.fresh(tmp_path, migrated=False) as url:
        done = tenuto("db", "copy", "--to", url)
        assert done.code == 0, done.err
        assert "jobs: 2 rows" in done.err
        assert tenuto("db", "copy", "--to", url).code == 1
        moved = {"TENUTO_DATABASE_URL": url}
        assert tenuto("jobs", "show", left["id"], "--json", **moved).json["status"] == "queued"
        assert tenuto("jobs", "watch", left["id"], **moved).code == 0
        assert tenuto("transcribe", talk, "--engine", "fake", **moved).code == 0
        assert tenuto("db", "stats", "--json", **moved).json["jobs"] == {"transcribe": {"completed": 3}}


@pytest.mark.slow
def test_a_copy_waits_for_the_workers_to_stop(tenuto, tmp_path):
    worker = tenuto.start("work")
    read_until(worker.stderr, "A worker started")
    target = f"sqlite:///{tmp_path}/other.db"
    refused = tenuto("db", "copy", "--to", target)
    assert refused.code == 1
    assert "--force" in refused.err
    assert tenuto("db", "copy", "--to", target, "--force", "--json").json["copied"]["owners"] == 1
    worker.terminate()
    assert worker.wait(60) == 0
    assert tenuto("db", "copy", "--to", f"sqlite:///{tmp_path}/third.db").code == 0
    assert tenuto("db", "copy", "--to", "nonsense").code == 3


@pytest.mark.slow
def test_the_demo_transcribes_and_says_how_well(tenuto, tmp_path):
    done = tenuto("demo", TENUTO_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", POSTGRES_HOST="127.0.0.1")
    assert done.code == 0, done.err
    assert "good morning" in done.out
    assert "Word error rate: " in done.out
    assert "S1: good morning what does this program do" in done.out
    assert [line.split()[0] for line in done.out.splitlines() if "%" in line][:2] == ["S1", "S2"]
    assert (tmp_path / "demo-output" / "conversation.srt").read_text().startswith("1\n")
    assert [path.name for path in (tmp_path / "demo-output").iterdir()] == ["conversation.srt"]
    assert not (tmp_path / "data").exists()


def test_the_server_serves_with_a_worker_beside_it(tenuto, talk):
    server = tenuto.start("serve", "--port", "0", "--workers", "1", "--json")
    lines = [json.loads(line) for line in read_until(server.stderr, '"listening"')]
    assert (lines[0]["action"], lines[0]["workers"]) == ("starting", 1)  # before the slow part of it
    port = lines[-1]["port"]
    assert lines[-1]["message"] == f"The server listens on http://127.0.0.1:{port}."
    remote = {"TENUTO_URL": f"http://127.0.0.1:{port}", "NO_PROXY": "*"}
    done = tenuto("transcribe", talk, "--engine", "fake", **remote)
    assert done.code == 0, done.err
    assert "[fake]" in done.out
    server.terminate()
    server.communicate(timeout=60)
    assert server.returncode == 0
