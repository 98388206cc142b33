"""`tenuto compose`, on this machine's ledger and against a server, and the same by HTTP."""

import io
import json
import re
import subprocess
import sys
import wave

import av
import httpx
import numpy as np
import pyloudnorm
import pytest
from mutagen.flac import FLAC

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
    assert found["agreement"]["tempo"] is True
    assert (found["seconds"], found["ignored"]) == (9.0, ["purple"])
    assert "purple" in done.err
    # The seed that was told, given back, is the same music; another format holds it as well.
    again = tenuto("compose", PROMPT, "--seed", str(found["seed"]), "-f", "wav24", "-o", "again", "--json").json
    assert again["composition"]["measured"] == found["measured"]
    assert (tmp_path / "again").read_bytes()[:4] == b"RIFF"


def test_music_is_trimmed_and_faded_with_its_stems(tenuto, tmp_path):
    done = tenuto(
        "compose", "click", "--engine", "fake-composer", "--seconds", "4", "--stems", "--trim", "--fade-out", "2", "-o", "a.wav", "--json"
    )  # fmt: skip
    assert done.code == 0, done.err
    heard, rate = samples((tmp_path / "a.wav").read_bytes())
    assert len(heard) == done.json["composition"]["frames"] < 4 * rate
    parts = [samples(path.read_bytes())[0] for path in tmp_path.glob("a-*.wav")]
    assert len(parts) == 2
    assert np.abs(sum(parts) - heard).max() < 3 / 32_768
    assert np.abs(heard[-100:]).max() < 0.001
    assert done.json["composition"]["master"]["trimmed_end_ms"] > 0


def test_what_is_heard_otherwise_than_composed_is_tried_again_or_said(tenuto):
    # The fake's own seed is the length of the prompt; it lies about its tempo when that is odd.
    again = tenuto("compose", "click", "--engine", "fake-composer", "--json").json
    assert again["composition"]["seeds_tried"] == [5, 6]
    assert not [warning for warning in again["warnings"] if "BPM" in warning]
    kept = tenuto("compose", "click", "--engine", "fake-composer", "--seed", "5", "--json").json
    assert kept["composition"]["seeds_tried"] == [5]
    assert "It was composed at 97 BPM, and 120 BPM are measured." in kept["warnings"]


def test_music_in_folders_is_called_by_its_words_and_seed_and_stays(tenuto, tmp_path):
    (tmp_path / "music").mkdir()
    click = ("compose", "Click, 3 seconds", "--engine", "fake-composer", "--seed", "6")
    for place in (("--dated",), ("-o", "music", "--dated", "--midi"), ("-o", "music"), ()):
        done = tenuto(*click, *place)
        assert done.code == 0, done.err
        assert ("writes no score" in done.err) == ("--midi" in place)
    made = {str(path.relative_to(tmp_path).parent) for path in tmp_path.rglob("click-3-seconds-6.wav")}
    assert {re.sub(r"\d{4}/\d\d/\d\d$", "DAY", folder) for folder in made} == {"DAY", "music/DAY", "music", "."}
    (tmp_path / "click-3-seconds-6.wav").write_bytes(b"mine")
    assert tenuto(*click).code == 0
    assert (tmp_path / "click-3-seconds-6.wav").read_bytes() == b"mine"
    assert (tmp_path / "click-3-seconds-6 (2).wav").exists()
    assert tenuto(*click, "--dated", "-o", "click-3-seconds-6.wav").code == 3


def test_what_cannot_be_composed_is_refused(tenuto, tmp_path):
    assert tenuto("compose", "pop", "--engine", "nobody").code == 3
    assert tenuto("compose", "pop", "-o", "nowhere/pop.wav").code == 3
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
        sent = http.get(listed[0]["url"])
        made, seed = sent.content, http.get(listed[1]["url"]).json()["seed"]
        assert f'filename="late-{seed}.flac"' in sent.headers["content-disposition"]
        tags = FLAC(io.BytesIO(made))
        assert (tags["title"], tags["artist"]) == (["Late"], ["tenuto"])
        assert tags["description"] == [f"{http.get(listed[1]['url']).json()['model']}, seed {seed}"]
        assert tags["bpm"][0].isdecimal()
        assert sound_of(made) == sound_of((tmp_path / "late.flac").read_bytes())
        assert http.post("/api/jobs", json={"kind": "compose"}).status_code == 422
        assert http.post("/api/jobs", json={"prompt": "jazz"}).status_code == 422
        command.close()


def test_takes_and_lines_of_a_file_become_pieces_of_their_own(tenuto, tmp_path):
    click = ("--engine", "fake-composer", "--seconds", "2", "--json")
    takes = tenuto("compose", "Click", "--takes", "2", "-o", "music", *click)
    assert takes.code == 0, takes.err
    seeds = [piece["composition"]["seed"] for piece in takes.json["items"]]
    assert len(set(seeds)) == 2
    assert {path.name for path in (tmp_path / "music").iterdir()} == {f"click-{seed}.wav" for seed in seeds}
    (tmp_path / "prompts.txt").write_text(f"# mine\nTick\n\n{'x' * 2001}\nTock\n")
    some = tenuto("compose", "--from", "prompts.txt", "-f", "flac", *click)
    assert some.code == 1
    assert [piece["file_name"] for piece in some.json["items"]] == ["Tick", "Tock"]
    assert [(line["line"], line["code"]) for line in some.json["refused"]] == [(4, "invalid")]
    assert "at most 2,000 characters" in some.err
    assert len(list(tmp_path.glob("t[io]ck-*.flac"))) == 2
    first = takes.json["items"][0]
    like = tenuto("compose", "--like", first["generation_id"], "-o", "like.wav", "--json").json
    assert sound_of((tmp_path / "like.wav").read_bytes()) == sound_of(
        (tmp_path / "music" / f"click-{seeds[0]}.wav").read_bytes()
    )
    other = tenuto(
        "compose", "--like", first["generation_id"], "Slow click", "--takes", "1", "-f", "mp3", "--json"
    ).json
    assert (other["options"]["prompt"], other["options"]["format"]) == ("Slow click", "mp3")
    assert other["composition"]["seed"] not in seeds
    listed = tenuto("generations", "list", "--like", first["generation_id"], "--json").json["items"]
    assert [item["id"] for item in listed] == [other["generation_id"], like["generation_id"]]
    used = tenuto("prompts", "list", "--order", "used", "--json").json["items"]
    assert [(item["text"], item["used_count"]) for item in used][:1] == [("Click", 3)]
    shown = tenuto("generations", "show", first["generation_id"])
    assert "fake-composer fake-1" in shown.out
    assert tenuto("generations", "delete", first["generation_id"]).code == 0
    assert tenuto("generations", "show", first["generation_id"]).code == 3


def test_what_leaves_open_what_to_compose_is_refused(tenuto, tmp_path):
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "there.wav").write_bytes(b"mine")
    for arguments, said in (
        ((), "Give a prompt"),
        (("pop", "--from", "empty.txt"), "Give a prompt"),
        (("--from", "empty.txt", "--like", "x"), "Give a prompt"),
        (("--from", "empty.txt"), "holds no prompts"),
        (("--from", "binary.txt"), "is no text"),
        (("--from", "nowhere.txt"), "cannot be read"),
        (("--like", "00000000-0000-0000-0000-000000000000"), "no generation"),
        (("pop", "--takes", "2", "-o", "-"), "need a folder"),
        (("pop", "--takes", "2", "-o", "there.wav"), "need a folder"),
    ):
        refused = tenuto("compose", *arguments)
        assert (refused.code, said in refused.err) == (3, True), (arguments, refused.err)


@pytest.mark.parametrize("form", ["opus", "mp3", "m4a", "flac"])
def test_the_same_request_makes_the_same_file_with_its_peaks_under_the_ceiling(tenuto, tmp_path, form):
    files = []
    for name in ("first", "second"):
        wish = ("compose", "drums only trap", "--seconds", "4", "--seed", "3", "-f", form)
        made = tenuto(*wish, "-o", f"{name}.{form}", "--json").json["composition"]
        files.append((tmp_path / f"{name}.{form}").read_bytes())
        assert made["file"]["true_peak_db"] <= -1
        assert made["file"]["integrated_lufs"] == pytest.approx(-16, abs=0.5)
        assert made["file"]["sample_rate"] == (48_000 if form == "opus" else 44_100)
    assert files[0] == files[1]


def test_music_is_made_at_the_highest_rate_there_is(tenuto, tmp_path):
    done = tenuto("compose", "techno", "--seconds", "3", "--sample-rate", "96000", "-o", "high.wav", "--json")
    assert done.code == 0, done.err
    with av.open(str(tmp_path / "high.wav")) as opened:
        assert opened.streams.audio[0].rate == 96_000
        assert sum(frame.samples for frame in opened.decode(audio=0)) == 3 * 96_000


def test_a_rate_that_a_format_does_not_hold_is_told(tenuto, tmp_path):
    done = tenuto("compose", "techno", "--seconds", "2", "--sample-rate", "8000", "-o", "low.opus", "--json")
    assert done.json["composition"]["file"]["sample_rate"] == 48_000
    assert "opus holds no 8,000 Hz: the file has 48,000 Hz." in done.err


def test_names_that_promise_what_is_not_written_are_refused_before_any_work(tenuto, tmp_path):
    (tmp_path / "prompts.txt").write_text("pop\n")
    for arguments, said in (
        (("-o", "x.txt"), "no format that can be written"),
        (("-o", "x.mid", "--midi"), "no format that can be written"),
        (("-o", "x.mid", "--midi", "-f", "wav"), "no name for a file of the format wav"),
        (("-o", "x.mp3", "-f", "wav"), "no name for a file of the format wav"),
        (("-o", "x.wav", "--takes", "3"), "need a folder"),
        (("-o", "x.wav", "--dated"), "needs a folder"),
        (("-o", "-", "--json"), "the sound or the JSON"),
    ):
        refused = tenuto("compose", "pop", *arguments)
        assert (refused.code, said in refused.err) == (3, True), (arguments, refused.err)
    assert "need a folder" in tenuto("compose", "--from", "prompts.txt", "-o", "x.wav").err
    assert tenuto("jobs", "list", "--json").json["items"] == []
    assert not list(tmp_path.glob("x.*"))


def test_only_the_file_that_was_named_is_written_over(tenuto, tmp_path):
    for name in ("song.mid", "song-drums.wav", "song.wav"):
        (tmp_path / name).write_bytes(b"mine")
    made = tenuto("compose", "House, 2 seconds", "--stems", "--midi", "-o", "song.wav", "--json")
    assert made.code == 0, made.err
    assert "understood: length (2 seconds), style (house)." in made.err
    assert (tmp_path / "song.mid").read_bytes() == (tmp_path / "song-drums.wav").read_bytes() == b"mine"
    assert {path.name for path in tmp_path.glob("song* (2).*")} == {"song (2).mid", "song-drums (2).wav"}
    assert (tmp_path / "song.wav").read_bytes()[:4] == b"RIFF"
    uid = made.json["generation_id"]
    assert "length (2 seconds), style (house)" in tenuto("generations", "show", uid).out
    there = set(tmp_path.iterdir())
    arguments = ("-m", "tenuto", "compose", "--like", uid, "-o", "-")
    like = subprocess.run(
        [sys.executable, *arguments], env=tenuto.environment, cwd=tmp_path, capture_output=True, check=True
    )
    assert sound_of(like.stdout) == sound_of((tmp_path / "song.wav").read_bytes())
    assert b"the music alone" in like.stderr
    assert set(tmp_path.iterdir()) == there
    deleted = tenuto("generations", "delete", "nope", uid, "--json")
    assert (deleted.code, deleted.json) == (3, {"deleted": [uid]})
    assert "nope" in deleted.err
    assert tenuto("generations", "show", uid).code == 3


def test_a_slash_at_the_end_makes_a_folder_and_ogg_is_opus(tenuto, tmp_path):
    click = ("compose", "click", "--engine", "fake-composer", "--seconds", "2", "--seed", "6")
    assert tenuto(*click, "-o", "new/of.wav/").code == 0
    assert [path.name for path in (tmp_path / "new" / "of.wav").iterdir()] == ["click-6.wav"]
    assert tenuto(*click, "-o", "click.OGG").code == 0
    assert (tmp_path / "click.OGG").read_bytes()[:4] == b"OggS"
    assert tenuto(*click, "-o", "click.OGG/").code == 3
