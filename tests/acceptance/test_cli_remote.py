"""The same commands against a server, and the Python client."""

import json
import logging
import shutil

import pytest

from cli_environment import RECORDING, clean_environment, invoke
from ledgers import make_recording
from server import running_server
from tenuto import errors
from tenuto.cli.backend import Backend, server_named
from tenuto.cli.local import LocalBackend
from tenuto.cli.remote import RemoteBackend
from tenuto.client import Client

KEY = "a-key-of-the-tests"
pytestmark = pytest.mark.xdist_group("cli-remote")  # one server for all of them


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server"), TENUTO_API_KEY=KEY) as running:
        yield running


@pytest.fixture
def client(server):
    with Client(server.url, api_key=KEY) as opened:
        yield opened


@pytest.fixture
def talk(tmp_path):
    return shutil.copyfile(RECORDING, tmp_path / "Zoë's talk.flac")


@pytest.fixture
def tenuto(server, tmp_path, monkeypatch):
    """Run a command that talks to the server."""
    environment = clean_environment(TENUTO_URL=server.url, TENUTO_API_KEY=KEY, NO_PROXY="*")
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments, code=0, **settings):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**environment, **settings}.items():
                patch.setenv(name, value)
            result = invoke(*arguments)
        assert result.exit_code == code, result.stderr
        return result

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


def said(result):
    return json.loads(result.stdout)


def test_the_server_and_its_key_may_stand_in_a_dotenv_file(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("TENUTO_URL", "TENUTO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(f"TENUTO_URL={server.url}\nTENUTO_API_KEY={KEY}\n")
    assert server_named() == (server.url, KEY)
    monkeypatch.setenv("TENUTO_URL", "")
    assert server_named() == ("", KEY)


def test_from_a_recording_to_subtitles(tenuto, talk):
    done = tenuto("transcribe", talk, "--engine", "fake", "--format", "srt,json")
    assert "completed, 100 %" in done.stderr
    job = said(tenuto("jobs", "list", "--json", "--status", "completed"))["items"][0]
    assert job["file_name"] == "Zoë's talk.flac"
    assert tenuto("export", job["id"], "-f", "srt").stdout == talk.with_suffix(".srt").read_text()
    assert said(tenuto("jobs", "show", job["id"], "--json")) == job
    assert "all steps finished" in tenuto("jobs", "log", job["id"]).stdout
    assert said(tenuto("files", "show", job["file_id"], "--json"))["name"] == "Zoë's talk.flac"
    transcript = next(
        item for item in said(tenuto("transcripts", "list", "--json"))["items"] if item["job_id"] == job["id"]
    )
    shown = said(tenuto("transcripts", "show", transcript["id"], "--json"))
    assert shown["segments"][0]["text"].startswith("[fake]")
    assert shown["segments"][0]["words"]
    tenuto("jobs", "delete", job["id"])
    tenuto("files", "delete", job["file_id"])
    assert "There is no job" in tenuto("jobs", "show", job["id"], code=3).stderr


def test_a_bad_file_is_refused_by_the_server(tenuto, talk, tmp_path):
    (tmp_path / "words.wav").write_text("these are words, not sound\n" * 50)
    done = said(tenuto("transcribe", tmp_path / "words.wav", talk, "--engine", "fake", "--json", code=3))
    assert [item["code"] for item in done["refused"]] == ["unsupported_media"]
    assert done["jobs"][0]["outputs"][0]["text"].startswith("S1: [fake]")
    assert "no engine" in tenuto("transcribe", talk, "--engine", "ears", code=3).stderr


def test_a_long_job_is_cancelled_and_retried(tenuto, tmp_path):
    long = make_recording(tmp_path / "long.wav", 600)
    left = said(tenuto("transcribe", long, "--engine", "pocketsphinx", "--no-wait", "--json"))["jobs"][0]
    tenuto("jobs", "cancel", left["id"])
    assert "cancelled" in tenuto("jobs", "watch", left["id"], code=1).stderr
    assert "queued" in tenuto("jobs", "retry", left["id"]).stdout
    tenuto("jobs", "cancel", left["id"])
    tenuto("jobs", "watch", left["id"], "--json", code=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["engines", "list"],
        ["storage", "stats"],
        ["cleanup", "--dry-run"],
        ["doctor"],
        ["jobs", "list"],
        ["files", "list"],
    ],
    ids=" ".join,
)
def test_what_the_server_says_is_shown(tenuto, arguments):
    assert tenuto(*arguments).output
    assert isinstance(said(tenuto(*arguments, "--json")), dict)


def test_lists_are_paged_by_cursor(tenuto, client, talk):
    added = [client.upload(talk).id for _ in range(2)]
    first = said(tenuto("files", "list", "--limit", "1", "--json"))
    rest = said(tenuto("files", "list", "--limit", "1", "--cursor", first["next_cursor"], "--json"))
    assert [first["items"][0]["id"], rest["items"][0]["id"]] == added[::-1]


def test_a_wrong_key_is_told(tenuto):
    assert "key" in tenuto("jobs", "list", code=1, TENUTO_API_KEY="wrong").stderr


def test_wrong_values_are_refused(tenuto):
    assert tenuto("jobs", "list", "--status", "lost", code=3).stderr
    assert tenuto("files", "list", "--cursor", "abc", code=3).stderr
    assert tenuto("jobs", "show", "../files", code=3).stderr


def test_the_client_watches_a_job_to_its_end(client, talk):
    file = client.upload(talk)
    job = client.submit(file.id, options={"engine": "fake"}, idempotency_key="once")
    assert client.submit(file.id, options={"engine": "fake"}, idempotency_key="once").id == job.id
    seen = list(client.watch(job.id))
    assert seen[-1].status == "completed"
    assert [state.progress for state in seen] == sorted(state.progress for state in seen)
    result = client.result(job.id)
    assert result["original_text"].startswith("[fake]")
    assert client.export(job.id, "srt").filename.endswith(".srt")
    assert list(client.segments(result["transcript_id"]))[-1].end_ms <= file.duration_ms
    with pytest.raises(errors.ValidationError):
        client.export(job.id, "pdf")


def test_both_homes_have_every_verb():
    verbs = {name for name in vars(Backend) if not name.startswith("_")}
    for home in (LocalBackend, RemoteBackend):
        assert verbs <= set(dir(home))
