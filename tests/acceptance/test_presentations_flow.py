"""A deck's whole way, by HTTP and by the command line: upload, narrated video, an edit, and the video made anew."""

import io
import json
import re
import shutil
import subprocess
import time
import wave
from fractions import Fraction

import av
import pytest

from cli_environment import Command
from decks import make_deck
from ledgers import database_url
from needs import need
from server import running_server

SETTINGS = {"TENUTO_ENGINES": '["pocketsphinx", "fake", "espeak", "fake-voice"]'}
SMALL = {"width": "320", "height": "180"}
FRAME_MS, WORD_MS = 1000 / 5, 80
CUE = re.compile(r"(\d+):(\d\d):(\d\d)\.(\d{3}) --> .*\n((?:.+\n)+)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def client(request, tmp_path):
    with (
        database_url(request.param, tmp_path) as url,
        running_server(tmp_path, TENUTO_DATABASE_URL=url, **SETTINGS) as server,
    ):
        yield server.client


def begin(client, path, **fields):
    with path.open("rb") as file:
        answer = client.post("/api/presentations", data={**SMALL, **fields}, files={"file": (path.name, file)})
    assert answer.status_code == 202, answer.text
    return answer.json()


def finished(client, begun, seconds=200):
    """The presentation, once its job is done."""
    deadline = time.monotonic() + seconds
    while (made := client.get(f"/api/presentations/{begun['id']}").json())["status"] in ("queued", "processing"):
        assert time.monotonic() < deadline, made["job"]
        time.sleep(0.2)
    assert made["status"] == "completed", made["job"]
    return made


def changes(video):
    """When the picture becomes another, in ms."""
    before, found = None, []
    for frame in video.decode(video=0):
        picture = frame.to_ndarray(format="gray").astype(int)
        if before is None or abs(picture - before).mean() > 1:
            found.append(float(frame.pts * frame.time_base) * 1000)
        before = picture
    return found


def cues(text):
    """(start in ms, first word) of each cue of a WebVTT."""
    for hours, minutes, seconds, rest, lines in CUE.findall(text):
        at = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest)
        yield at, lines.split()[0]


@pytest.mark.timeout(300)
def test_a_deck_goes_from_upload_to_a_video_and_to_another(client, tmp_path):
    begun = begin(client, make_deck(tmp_path / "plans.pptx", slides=10), engine="espeak")
    made = finished(client, begun)
    assert (made["status"], made["slides_count"], made["engine"]) == ("completed", 10, "espeak")
    lengths = []
    for slide in made["slides"]:
        with wave.open(io.BytesIO(client.get(slide["sound_url"]).content)) as sound:
            lengths.append(Fraction(sound.getnframes(), 48))
    starts = [sum(lengths[:place]) for place in range(10)]
    assert [slide["start_ms"] for slide in made["slides"]] == [int(start) for start in starts]
    assert abs(made["video_ms"] - sum(lengths)) <= 100
    data = client.get(made["video_url"]).content
    with av.open(io.BytesIO(data)) as video:
        assert all(abs(seen - start) <= FRAME_MS for seen, start in zip(changes(video), starts, strict=True))

    job = begun["job"]["id"]
    words = [word for item in client.get(f"/api/jobs/{job}/result").json()["segments"] for word in item["words"]]
    shown = list(cues(client.get(f"/api/jobs/{job}/artifacts/captions.vtt").text))
    assert len(shown) >= 20
    for at, word in shown:
        assert min(abs(said["start_ms"] - at) for said in words if said["text"] == word) <= WORD_MS
    check_chapters(tmp_path, data, made, starts)

    place = f"/api/presentations/{begun['id']}"
    edit = {"revision": made["revision"], "notes": "Something else is said here."}
    assert client.patch(f"{place}/slides/4", json=edit).status_code == 200
    again = finished(client, client.post(f"{place}/render", json={}).json())
    assert (again["rendered_revision"], client.get(f"{place}/jobs").json()["items"][0]["status"]) == (1, "completed")
    assert [slide["spoken"]["made"] > 0 for slide in again["slides"]] == [number == 4 for number in range(1, 11)]
    assert client.delete(place).status_code == 204
    assert client.get("/api/files").json()["items"] == []


def check_chapters(tmp_path, data, made, starts):
    need(shutil.which("ffprobe"), "ffprobe")
    path = tmp_path / "made.mp4"
    path.write_bytes(data)
    command = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", path]
    chapters = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["chapters"]
    assert [chapter["tags"]["title"] for chapter in chapters] == [slide["title"] for slide in made["slides"]]
    assert all(abs(float(each["start_time"]) * 1000 - at) <= 1 for each, at in zip(chapters, starts, strict=True))


@pytest.mark.timeout(240)
def test_the_command_line_narrates_edits_and_renders(tmp_path):
    tenuto = Command(tmp_path, **SETTINGS)
    make_deck(tmp_path / "plans.pptx", slides=2)
    wish = ("--engine", "fake-voice", "--size", "320x180", "--subtitles")
    made = tenuto("narrate", "plans.pptx", *wish, "--json")
    assert made.code == 0, made.err
    assert [output["path"] for output in made.json["outputs"]] == ["plans.mp4", "plans.srt", "plans.vtt"]
    assert (tmp_path / "plans.srt").read_text().startswith("1\n00:00:00")
    uid = made.json["presentation_id"]
    assert tenuto("presentations", "edit", uid, "2", "--notes", "Else.").code == 0
    assert "edited since" in tenuto("presentations", "list").out
    again = tenuto("presentations", "render", uid, "-o", "again.mp4")
    assert again.code == 0, again.err
    with av.open(str(tmp_path / "again.mp4")) as video:
        assert (video.streams.video[0].width, video.streams.video[0].height) == (320, 180)
    assert tenuto("presentations", "edit", uid, "2", "--notes", "Yet else.").code == 0
    assert tenuto("presentations", "render", uid, "--engine", "espeak", "--voice", "nobody").code == 1
    got = tenuto("presentations", "video", uid, "--subtitles", "-o", "got/", "--json")
    assert [output["path"] for output in got.json["outputs"]] == ["got/plans.mp4", "got/plans.srt", "got/plans.vtt"]
    assert (tmp_path / "got" / "plans.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()
    wish = ("--engine", "fake-voice", "--size", "640x360", "--voice", "", "--captions", "none")
    other = tenuto("presentations", "render", uid, *wish, "--json")
    assert other.code == 0, other.err
    told = {name: other.json["options"][name] for name in ("width", "voice", "captions", "engine")}
    assert told == {"width": 640, "voice": "", "captions": "none", "engine": "fake-voice"}
    assert f"tenuto presentations video {uid}" in tenuto("jobs", "watch", other.json["id"]).err
    assert tenuto("narrate", "plans.pptx", "--voice", "nobody.wav").code == 3
    shutil.copyfile(tmp_path / "plans.pptx", tmp_path / "no.wav")
    assert "--consent" in tenuto("narrate", "plans.pptx", "--voice", "no.wav").err
    assert tenuto("presentations", "delete", uid, "--yes").code == 0
    tenuto.close()
