"""`tenuto say`, on this machine's ledger and against a server."""

import json
import os
import subprocess
import sys
import wave

import pytest

from cli_environment import Command
from server import running_server

ENGINES = '["pocketsphinx", "fake", "fake-voice"]'
WORDS = "Nothing is lost."


@pytest.fixture(params=["here", "server"])
def tenuto(request, tmp_path):
    """The command, with a ledger of its own or with a server behind it."""
    if request.param == "here":
        command = Command(tmp_path, TENUTO_ENGINES=ENGINES)
        yield command
        command.close()
        return
    with running_server(tmp_path, TENUTO_ENGINES=ENGINES, TENUTO_API_KEY="key") as server:
        command = Command(tmp_path, TENUTO_URL=server.url, TENUTO_API_KEY="key")
        yield command
        command.close()


def seconds(path):
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()


def test_a_text_is_said_into_a_file(tenuto, tmp_path):
    done = tenuto("say", WORDS, "--engine", "fake-voice", "-o", "said.wav")
    assert done.code == 0, done.err
    assert "Wrote said.wav" in done.err
    assert seconds(tmp_path / "said.wav") == pytest.approx(0.6, abs=0.01)
    slow = tenuto("say", WORDS, "--engine", "fake-voice", "--speed", "0.5", "--format", "mp3", "--json").json
    assert slow["status"] == "completed"
    assert slow["outputs"] == [{"format": "mp3", "path": "speech.mp3"}]
    assert (tmp_path / "speech.mp3").read_bytes()[:3] == b"ID3"
    listed = tenuto("jobs", "list", "--kind", "speak", "--json").json
    assert [job["file_name"] for job in listed["items"]] == [WORDS, WORDS]


def test_what_cannot_be_said_is_refused(tenuto, tmp_path):
    assert tenuto("say", " ").code != 0
    assert tenuto("say", WORDS, "--format", "midi").code != 0
    assert tenuto("say", WORDS, "-o", "said.mp3", "--format", "wav").code == 3
    assert tenuto("say", WORDS, "-o", "said.txt").code == 3
    assert tenuto("say", WORDS, "-o", "-", "--json").code == 3
    assert tenuto("say", WORDS, "-o", "nowhere/said.wav").code == 3
    assert tenuto("say", WORDS, "--engine", "nobody").code != 0
    assert not list(tmp_path.glob("speech*"))


def test_a_text_comes_by_a_pipe_and_the_sound_goes_by_one(tmp_path):
    command = Command(tmp_path, TENUTO_ENGINES=ENGINES)
    arguments = [sys.executable, "-m", "tenuto", "say", "-", "--engine", "fake-voice", "-o", "-"]
    environment = {**os.environ, **command.environment}
    done = subprocess.run(
        arguments, input=WORDS.encode(), env=environment, cwd=tmp_path, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout[:4] == b"RIFF"
    listed = json.loads(command("jobs", "list", "--json").out)
    assert listed["items"][0]["options"]["text"] == WORDS
