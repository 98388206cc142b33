"""A song's whole way, by HTTP and by the command line: upload, stems, timed lyrics, and a video that plays to its end."""

import json

import pytest

from cli_environment import Command
from films import SMALL, assert_video, done, watch, words_of
from ledgers import database_url
from made_song import LYRICS, make_song, samples
from server import running_server

SETTINGS = {
    "TENUTO_ENGINES": '["pocketsphinx", "fake", "fake-separator", "fake-lyrics"]',
    "TENUTO_SEPARATOR": "fake-separator",
}
SECONDS = 6.0
STEMS = ("vocals", "instrumental")
SUNG = [line for line in LYRICS.split("\n") if line]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def client(request, tmp_path):
    with (
        database_url(request.param, tmp_path) as url,
        running_server(tmp_path, TENUTO_DATABASE_URL=url, **SETTINGS) as server,
    ):
        yield server.client


@pytest.fixture(params=["here", "server"])
def tenuto(request, tmp_path):
    """The command, with a ledger of its own or with a server behind it."""
    if request.param == "here":
        command = Command(tmp_path, **SETTINGS)
        yield command
        command.close()
        return
    with running_server(tmp_path, TENUTO_API_KEY="key", **SETTINGS) as server:
        command = Command(tmp_path, TENUTO_URL=server.url, TENUTO_API_KEY="key")
        yield command
        command.close()


def submit(client, kind, song, **options):
    return client.post("/api/jobs", json={"kind": kind, "song_id": song, "options": options})


def test_a_song_goes_from_upload_to_video(client, tmp_path):
    song_file = make_song(tmp_path / "song.wav", SECONDS)
    with song_file.open("rb") as file:
        form = {"kind": "separate", "engine": "fake-separator", "title": "Mine", "artist": "Nobody"}
        job = done(client, client.post("/api/jobs", data=form, files={"file": ("song.wav", file)}))
    song = job["song_id"]
    assert (job["engine"], job["file_name"]) == ("fake-separator", "Nobody - Mine")

    stem = client.get(f"/api/songs/{song}/stems/vocals", headers={"Range": "bytes=0-43"})
    assert (stem.status_code, len(stem.content), stem.content[:4]) == (206, 44, b"RIFF")
    both = sum(samples(client.get(f"/api/songs/{song}/stems/{kind}").content).astype(int) for kind in STEMS)
    assert abs(both - samples(song_file.read_bytes())).max() <= 1

    assert submit(client, "align", song).status_code == 422
    put = client.put(f"/api/songs/{song}/lyrics", content=LYRICS.encode(), headers={"Content-Type": "text/plain"})
    assert put.status_code in (200, 201), put.text
    aligned = done(client, submit(client, "align", song, engine="fake-lyrics"))
    assert any("doubtful" in warning for warning in aligned["warnings"])
    text, end = words_of(client.get(f"/api/songs/{song}/lyrics/ass").text)
    assert all(line in text for line in SUNG)
    assert end <= SECONDS + 1

    film = done(client, submit(client, "karaoke", song, guide_db=-12, tempo=1.5, **SMALL))
    made = f"/api/jobs/{film['id']}/artifacts"
    assert {item["name"] for item in client.get(made).json()["items"]} == {"karaoke.mp4", "karaoke.ass"}
    assert_video(client.get(f"{made}/karaoke.mp4").content, SECONDS / 1.5)
    assert words_of(client.get(f"{made}/karaoke.ass").text)[1] <= SECONDS / 1.5 + 1
    assert [job["kind"] for job in client.get(f"/api/songs/{song}/jobs").json()["items"]] == [
        "karaoke",
        "align",
        "separate",
    ]


def test_a_file_with_lyrics_becomes_a_video_in_one_request(client, tmp_path):
    form = {"kind": "karaoke", "aligner": "fake-lyrics", "lyrics": LYRICS, **{name: str(SMALL[name]) for name in SMALL}}

    def send(form, name="Nobody - Mine.wav", pitch=220.0, key="1"):
        with make_song(tmp_path / name, SECONDS, pitch).open("rb") as file:
            return client.post("/api/jobs", data=form, files={"file": (name, file)}, headers={"Idempotency-Key": key})

    first, same = done(client, send(form)), done(client, send(form))
    assert first["id"] == same["id"]
    second = done(client, send(form, key="2"))
    assert (second["id"] != first["id"], second["song_id"]) == (True, first["song_id"])
    lyrics = client.get(f"/api/songs/{first['song_id']}/lyrics").json()
    assert (lyrics["origin"], lyrics["revision"]) == ("aligned", 2)
    assert_video(client.get(f"/api/jobs/{second['id']}/artifacts/karaoke.mp4").content, SECONDS)

    for refused in ({"kind": "align", "engine": "nobody", "lyrics": LYRICS}, {"kind": "align"}):
        assert send(refused, "other.wav", 300.0, key=f"refused-{len(refused)}").status_code == 422
    assert [song["id"] for song in client.get("/api/songs").json()["items"]] == [first["song_id"]]
    assert len(client.get("/api/files").json()["items"]) == 1


def test_the_command_line_makes_stems_lyrics_and_a_video(tenuto, tmp_path):
    make_song(tmp_path / "mine.wav", SECONDS)
    (tmp_path / "words.txt").write_text(LYRICS)
    parted = tenuto("separate", "mine.wav", "-o", "stems", "--json")
    assert parted.code == 0, parted.err
    assert sorted(path.name for path in (tmp_path / "stems").iterdir()) == ["mine.instrumental.wav", "mine.vocals.wav"]
    song = parted.json["jobs"][0]["song_id"]

    timed = tenuto("align", "mine.wav", "--lyrics", "words.txt", "--engine", "fake-lyrics", "-o", "words.lrc")
    assert timed.code == 0, timed.err
    assert "doubtful" in timed.err
    assert all(line in (tmp_path / "words.lrc").read_text() for line in SUNG)
    printed = tenuto("align", song, "--engine", "fake-lyrics", "--format", "json", "--again")
    assert len(json.loads(printed.out)["lines"]) == len(LYRICS.split("\n"))

    film = ("--lyrics", "words.txt", "--size", "320x180", "--tempo", "2", "--subtitles", "-o", "mine.mp4")
    made = tenuto("karaoke", song, *film, "--json")
    assert made.code == 0, made.err
    assert [output["path"] for output in made.json["jobs"][0]["outputs"]] == ["mine.mp4", "mine.ass"]
    width, height, _, shown, heard = watch((tmp_path / "mine.mp4").read_bytes())
    assert (width, height) == (320, 180)
    assert float(shown) == pytest.approx(SECONDS / 2, abs=0.1)
    assert heard == pytest.approx(SECONDS / 2, abs=0.05)
    assert all(line in words_of((tmp_path / "mine.ass").read_text())[0] for line in SUNG)


def test_the_command_line_says_what_it_cannot_do(tenuto, tmp_path):
    make_song(tmp_path / "mine.wav", SECONDS)
    some = tenuto("separate", "nothing.wav", "mine.wav", "--json")
    assert some.code == 3
    assert [refused["song"] for refused in some.json["refused"]] == ["nothing.wav"]
    assert (tmp_path / "mine.vocals.wav").exists()
    assert "no lyrics" in (bare := tenuto("align", "mine.wav")).err
    assert bare.code == 3
    assert tenuto("karaoke", "mine.wav", "--lyrics", "nothing.txt").code == 3
    assert tenuto("align", "mine.wav", "--format", "midi").code == 3
