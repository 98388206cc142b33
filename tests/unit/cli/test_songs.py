"""`tenuto songs`: added from files and folders, found, changed, given lyrics, and deleted."""

import json
import os
import signal

import pytest

from cli_environment import Command, read_until
from tagged_songs import tone, wav
from tenuto.cli.door import open_door
from tenuto.cli.song_files import Known, put_lyrics
from tenuto.cli.song_watch import Watcher


@pytest.fixture
def folder(tmp_path):
    """Two songs and a text."""
    place = tmp_path / "music" / "deep"
    place.mkdir(parents=True)
    (place / "The Bells - Blue.wav").write_bytes(wav(tone(pitch=300)))
    (place.parent / "The Drums - Red.wav").write_bytes(wav(tone(pitch=400)))
    (place.parent / "notes.txt").write_text("nothing to hear")
    return place.parent


@pytest.fixture
def song(ledger, cli, folder):
    return cli("songs", "add", folder / "The Drums - Red.wav", "--album", "Colours", "--json").json["added"][0]


def test_songs_are_added_once_shown_found_and_deleted(cli, song, folder):
    assert (song["artist"], song["title"], song["album"]) == ("The Drums", "Red", "Colours")
    added = cli("songs", "add", folder, "--json").json
    assert [item["title"] for item in added["added"]] == ["Blue"]
    assert [item["song_id"] for item in added["skipped"]] == [song["id"]]
    assert cli("songs", "show", song["id"], "--json").json["id"] == song["id"]
    assert "Red" in cli("songs", "show", "drums re").out
    assert [item["title"] for item in cli("songs", "search", "the", "--json").json["items"]] == ["Blue", "Red"]
    assert [item["title"] for item in cli("songs", "list", "--json").json["items"]] == ["Blue", "Red"]
    assert cli("songs", "edit", "drums", "--title", "Green", "--json").json["title"] == "Green"
    assert cli("songs", "delete", "green", answer="n\n").code == 1
    assert cli("songs", "delete", "green", "--yes").code == 0
    assert cli("songs", "search", "drums", "--json").json["items"] == []


def test_all_of_a_folder_of_the_server_is_imported(cli, ledger, folder, monkeypatch):
    monkeypatch.setenv("TENUTO_IMPORT_DIRS", json.dumps([str(folder)]))
    for number in range(51):
        (folder / f"A - {number}.mp3").write_bytes(b"no sound")
    (folder / os.fsdecode(b"The Caf\xe9s - Noir.wav")).write_bytes(wav(tone(pitch=350)))
    done = cli("songs", "import", ".", "--json").json
    assert ([song["title"] for song in done["added"]], len(done["failed"])) == (["Noir", "Red", "Blue"], 51)
    assert r"Caf\xe9s" in done["added"][0]["local_path"]
    assert len(cli("songs", "import", ".", "--json").json["skipped"]) == 3


def test_lyrics_are_set_moved_and_exported(cli, song, tmp_path):
    words = tmp_path / "words.lrc"
    words.write_text("[00:01.00]One\n[00:02.00]Two\n")
    assert cli("songs", "lyrics", "set", "red", words, "--json").json["synced"] is True
    assert cli("songs", "lyrics", "offset", "red", "--json", "--", "-500").json["offset_ms"] == -500
    assert "0:00  One" in cli("songs", "lyrics", "show", "red").out
    assert "[00:00.50]One" in cli("songs", "lyrics", "export", "red").out
    assert cli("songs", "lyrics", "export", "red", "--format", "ass", "-o", tmp_path / "red.ass").code == 0
    assert "One" in (tmp_path / "red.ass").read_text()


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (("show", "Nobody"), 3, "no song"),
        (("show", "00000000-0000-0000-0000-000000000000"), 3, "no song"),
        (("add", "missing.mp3"), 3, "cannot be read"),
        (("add", "a.wav", "b.wav", "--title", "x"), 3, "names one song"),
        (("add", "a.wav", "--watch"), 3, "none is named"),
        (("edit", "red"), 3, "Say what to change"),
        (("lyrics", "show", "red"), 3, "no lyrics"),
        (("import", "anything"), 3, "TENUTO_IMPORT_DIRS"),
        (("add", "http://127.0.0.1:8009/x.mp3"), 3, "private or reserved"),
    ],
)
def test_what_cannot_be_done_is_said(cli, song, command, code, said):
    refused = cli("songs", *command)
    assert (refused.code, said in refused.err) == (code, True), refused.err


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_lyrics_for_a_job_come_as_editors_save_them(cli, song, tmp_path, encoding):
    (tmp_path / "words.txt").write_bytes("“Café”\n".encode(encoding))
    with open_door() as client:
        put_lyrics(client, Known(song["id"], "Red", tmp_path), tmp_path / "words.txt")
    assert "“Café”" in cli("songs", "lyrics", "show", "red").out


def test_two_songs_with_the_same_words_are_told_apart_by_id(cli, song, folder):
    cli("songs", "add", folder)
    refused = cli("songs", "show", "the")
    assert (refused.code, song["id"] in refused.err) == (3, True)


def test_a_bad_file_does_not_keep_the_others_out(cli, ledger, folder):
    (folder / "Broken - Song.mp3").write_bytes(b"no sound at all")
    done = cli("songs", "add", folder, "--json")
    assert (done.code, len(done.json["added"]), len(done.json["failed"])) == (3, 2, 1)


@pytest.mark.parametrize("command", ["align", "karaoke"])
def test_a_folder_that_is_not_there_is_refused_before_any_work(cli, ledger, folder, command):
    refused = cli(command, folder / "The Drums - Red.wav", "-o", folder / "nowhere" / "made")
    assert (refused.code, "does not exist" in refused.err) == (3, True)
    assert cli("songs", "list", "--json").json["items"] == []


def test_a_video_that_nothing_here_can_draw_is_refused_before_any_work(cli, ledger, folder, monkeypatch):
    monkeypatch.setattr("tenuto.media.karaoke_fonts._installed", lambda: False)
    refused = cli("karaoke", folder / "The Drums - Red.wav", "--lyrics", folder / "notes.txt")
    assert refused.code != 0
    assert "pip install 'tenuto[video]'" in refused.err
    assert [job["kind"] for job in cli("jobs", "list", "--json").json["items"]] == ["transcribe"]


def test_a_size_of_odd_digits_is_refused(cli, ledger, folder):
    assert cli("karaoke", folder / "The Drums - Red.wav", "--size", "²x²").code == 3


def test_a_file_that_still_grows_waits(tmp_path):
    added = []
    watcher = Watcher([tmp_path], added.append)
    watcher.look(at_once=True)
    path = tmp_path / "a.wav"
    for size in (1, 2):
        path.write_bytes(bytes(size))
        watcher.look()
        assert added == []
    watcher.look()
    assert added == [path]
    watcher.look()
    assert added == [path]


@pytest.mark.slow
def test_a_folder_is_watched_until_ctrl_c(folder, tmp_path):
    command = Command(tmp_path)
    try:
        process = command.start("songs", "add", folder, "--watch")
        read_until(process.stderr, "Watching")
        (folder / "The Horns - New.wav").write_bytes(wav(tone(pitch=500)))
        read_until(process.stdout, "The Horns - New")
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
    finally:
        command.close()
