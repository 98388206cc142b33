"""`tenuto compose`, on this machine's ledger and against a server, and the same by HTTP."""

import io
import json
import wave

import av
import httpx
import numpy as np
import pyloudnorm
import pytest

from cli_environment import Command
from server import running_server

ENGINES = '["pocketsphinx", "fake", "fake-composer"]'
PROMPT = "House in A minor at 124 BPM, 9 seconds, purple"


@pytest.fixture
def tenuto(tmp_path):
    """The command, with a ledger of its own."""
    command = Command(tmp_path, TENUTO_ENGINES=ENGINES)
    yield command
    command.close()


def samples(data):
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (2, 2)
        found = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
        return found / 32_768, sound.getframerate()


def sound_of(data):
    """What a file holds, whatever its tags say."""
    with av.open(io.BytesIO(data)) as opened:
        return [frame.to_ndarray().tobytes() for frame in opened.decode(audio=0)]


def test_a_prompt_becomes_music_with_its_stems_and_its_score(tenuto, tmp_path):
    done = tenuto("compose", PROMPT, "--stems", "--midi", "-o", "made.wav", "--json")
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.glob("made*")} == {
        "made.wav", "made-drums.wav", "made-bass.wav", "made-chords.wav", "made-lead.wav", "made.mid",
    }  # fmt: skip
    heard, rate = samples((tmp_path / "made.wav").read_bytes())
    assert heard.shape == (9 * 44_100, 2)
    assert pyloudnorm.Meter(rate).integrated_loudness(heard) == pytest.approx(-16, abs=0.5)
    parts = [samples(path.read_bytes())[0] for path in tmp_path.glob("made-*.wav")]
    assert np.abs(sum(parts) - heard).max() < 5 / 32_768
    found = done.json["composition"]
    assert (found["composed"]["bpm"], found["composed"]["key"]) == (124, "A minor")
    assert found["measured"]["tempo_bpm"] == pytest.approx(124, rel=0.02)
    assert found["measured"]["true_peak_db"] <= -1
    assert (found["seconds"], found["ignored"]) == (9.0, ["purple"])
    assert "purple" in done.err
    # The seed that was told, given back, is the same music; another format holds it as well.
    again = tenuto("compose", PROMPT, "--seed", str(found["seed"]), "-f", "wav24", "-o", "again", "--json").json
    assert again["composition"]["measured"] == found["measured"]
    assert (tmp_path / "again").read_bytes()[:4] == b"RIFF"


def test_what_is_heard_otherwise_than_composed_is_tried_again_or_said(tenuto):
    # The fake's own seed is the length of the prompt; it lies about its tempo when that is odd.
    again = tenuto("compose", "click", "--engine", "fake-composer", "--json").json
    assert again["composition"]["seeds_tried"] == [5, 6]
    assert not [warning for warning in again["warnings"] if "BPM" in warning]
    kept = tenuto("compose", "click", "--engine", "fake-composer", "--seed", "5", "--json").json
    assert kept["composition"]["seeds_tried"] == [5]
    assert "It was composed at 97 BPM, and 120 BPM are measured." in kept["warnings"]


def test_what_cannot_be_composed_is_refused(tenuto, tmp_path):
    assert tenuto("compose", "pop", "--engine", "nobody").code == 3
    assert tenuto("compose", "pop", "--stems", "-o", "-").code == 3
    assert not list(tmp_path.glob("*.wav"))


def test_a_prompt_sent_to_a_server_is_composed(tmp_path):
    with (
        running_server(tmp_path, TENUTO_API_KEY="key") as server,
        httpx.Client(base_url=server.url, headers={"Authorization": "Bearer key"}) as http,
    ):
        command = Command(tmp_path, TENUTO_URL=server.url, TENUTO_API_KEY="key")
        assert command("compose", "jazz", "--seconds", "4", "-o", "late.flac").code == 0
        wish = {"kind": "compose", "prompt": "jazz", "options": {"seconds": 4, "format": "flac", "title": "Late"}}
        answered = http.post("/api/jobs", json=wish)
        assert answered.status_code == 202, answered.text
        job = answered.json()
        assert (job["options"]["prompt"], job["file_name"]) == ("jazz", "Late")
        with http.stream("GET", f"/api/jobs/{job['id']}/events", timeout=120) as events:
            last = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")][-1]
        assert last["status"] == "completed"
        listed = http.get(f"/api/jobs/{job['id']}/artifacts").json()["items"]
        assert [(item["name"], item["kind"]) for item in listed] == [
            ("music.flac", "music"),
            ("composition.json", "composition"),
        ]
        made = http.get(listed[0]["url"]).content
        assert sound_of(made) == sound_of((tmp_path / "late.flac").read_bytes())
        assert http.post("/api/jobs", json={"kind": "compose"}).status_code == 422
        assert http.post("/api/jobs", json={"prompt": "jazz"}).status_code == 422
        command.close()
