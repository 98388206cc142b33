"""`tenuto loudness`, on this machine's ledger and against a server, and the same by HTTP, on both databases."""

import io
import json
import wave

import httpx
import numpy as np
import pyloudnorm
import pytest
from mutagen.mp3 import MP3

from cli_environment import RECORDING, Command
from server import running_server


@pytest.fixture
def tenuto(tmp_path):
    """The command, with a ledger of its own."""
    command = Command(tmp_path)
    yield command
    command.close()


def write_wave(path, sound, rate=44_100):
    with wave.open(str(path), "wb") as out:
        out.setnchannels(sound.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((sound * 32_767).astype("<i2").tobytes())
    return path


def read_wave(data):
    with wave.open(io.BytesIO(data)) as sound:
        found = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return found.reshape(-1, sound.getnchannels()) / 32_768, sound.getframerate()


def noise(seconds, level):
    sound = np.random.default_rng(5).normal(size=(round(seconds * 44_100), 2)) * level
    return np.clip(sound, -0.99, 0.99)


def test_recordings_are_measured_and_brought_to_a_target(tenuto, tmp_path):
    write_wave(tmp_path / "quiet.wav", noise(4, 0.01))
    write_wave(tmp_path / "silent.wav", np.zeros((44_100, 1)))
    shown = tenuto("loudness", RECORDING, "quiet.wav", "silent.wav", "nowhere.wav")
    assert shown.code == 3
    lines = shown.out.splitlines()
    assert "LUFS" in lines[0]
    expected = pyloudnorm.Meter(44_100).integrated_loudness(read_wave((tmp_path / "quiet.wav").read_bytes())[0])
    assert f"{expected:.1f}" in lines[2]
    assert lines[3].split()[2:] == ["-"] * 5
    assert "nothing to measure" in shown.err
    assert "nowhere.wav" in shown.err

    done = tenuto("loudness", "quiet.wav", RECORDING, "-o", "made/", "--target", "-20", "--json")
    assert done.code == 0, done.err
    for job, name in zip(done.json["jobs"], ("quiet.wav", "conversation.flac"), strict=True):
        assert job["outputs"][0]["path"] == f"made/{name}"
        assert job["loudness"]["normalised"]["loudness"]["integrated_lufs"] == pytest.approx(-20, abs=0.2)
        assert job["loudness"]["can_be_met"] is True
    sound, rate = read_wave((tmp_path / "made/quiet.wav").read_bytes())
    assert sound.shape == (4 * 44_100, 2)
    assert pyloudnorm.Meter(rate).integrated_loudness(sound) == pytest.approx(-20, abs=0.5)

    assert tenuto("loudness", "quiet.wav", "-o", "one/").code == 0
    assert (tmp_path / "one" / "quiet.wav").is_file()
    again = tenuto("loudness", "quiet.wav", "-o", "faded.mp3", "--fade-in", "1", "--trim")
    assert again.code == 0, again.err
    assert MP3(tmp_path / "faded.mp3").info.length == pytest.approx(4, abs=0.1)


def test_what_makes_no_sense_is_refused_before_any_work(tenuto, tmp_path):
    assert tenuto("loudness", RECORDING, "--trim").code == 3
    assert tenuto("loudness", RECORDING, RECORDING, "-o", "-").code == 3
    assert tenuto("loudness", RECORDING, "-o", "nowhere/a.wav").code == 3
    assert tenuto("loudness", RECORDING, "-o", "a.wav", "-f", "wma").code == 3
    assert tenuto("loudness", RECORDING, "-o", "a.mp3", "-f", "wav").code == 3
    assert tenuto("loudness", RECORDING, "-o", "a.txt").code == 3
    assert tenuto("loudness", RECORDING, "-o", "-", "--json").code == 3
    assert tenuto("loudness", RECORDING, RECORDING, "-o", "out.flac").code == 3
    assert not list(tmp_path.glob("out.flac"))
    assert tenuto("jobs", "list", "--json").json["items"] == []


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request, tmp_path):
    if request.param == "sqlite":
        yield {}
    else:
        with request.getfixturevalue("postgres_ledgers").fresh(tmp_path, migrated=False) as url:
            yield {"TENUTO_DATABASE_URL": url}


def test_a_recording_sent_to_a_server_is_brought_to_a_target(tmp_path, database):
    with (
        running_server(tmp_path, TENUTO_API_KEY="key", **database) as server,
        httpx.Client(base_url=server.url, headers={"Authorization": "Bearer key"}) as http,
    ):
        with RECORDING.open("rb") as file:
            form = {"kind": "loudness", "target": "-19", "format": "wav"}
            answered = http.post("/api/jobs", data=form, files={"file": ("My talk.v2.flac", file)})
        assert answered.status_code == 202, answered.text
        job = answered.json()
        with http.stream("GET", f"/api/jobs/{job['id']}/events", timeout=120) as events:
            told = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
        assert told[-1]["status"] == "completed", told[-1]
        listed = http.get(f"/api/jobs/{job['id']}/artifacts").json()["items"]
        assert [item["name"] for item in listed] == ["normalised.wav", "loudness.json"]
        made = http.get(listed[0]["url"])
        assert 'filename="My talk.v2.wav"' in made.headers["content-disposition"]
        sound, rate = read_wave(made.content)
        assert (sound.shape[1], rate) == (1, 16_000)
        assert pyloudnorm.Meter(rate).integrated_loudness(sound) == pytest.approx(-19, abs=0.5)
        report = http.get(listed[1]["url"]).json()
        assert report["normalised"]["loudness"]["true_peak_db"] <= -1
        assert report["target"] == {"lufs": -19.0, "peak_db": -1.0}
        again = {"kind": "loudness", "file_id": job["file_id"], "options": {"normalise": False}}
        assert http.post("/api/jobs", json=again).status_code == 202
        assert http.post("/api/jobs", json={"kind": "loudness"}).status_code == 422
        command = Command(tmp_path, TENUTO_URL=server.url, TENUTO_API_KEY="key")
        shown = command("loudness", RECORDING, "--json")
        assert shown.json["jobs"][0]["loudness"]["measured"] == report["measured"]
        command.close()
