"""One of everything on a ledger that holds one finished job, made by commands."""

import contextlib
import json
import shutil

from cli_environment import RECORDING
from presented import presented
from tagged_songs import encoded
from tenuto.cli.door import open_door
from tenuto.cli.prepare import open_house


def furnish(cli, place, monkeypatch):
    """What each thing is called; the files among them lie in `place`."""
    set_up(place, monkeypatch)
    job = cli("jobs", "list", "--json").json["items"][0]
    webhook = cli("webhooks", "add", "http://127.0.0.1:8123/hook", "--json").json["id"]
    transcript = cli("transcripts", "list", "--json").json["items"][0]["id"]
    voice = cli("known-voices", "remember", transcript, "S1", "Cyd", "--json").json["id"]
    for speaker in ("S8", "S9"):
        cli("transcripts", "assign", transcript, speaker, "0")
    cli("transcripts", "undo", transcript)  # so that there is something to undo and something to redo
    lexicon = cli("lexicon", "add", "Names", "--rule", "ab=ba", "--json").json["id"]
    table = place / "names.csv"
    table.write_text("teh;the")
    return {
        "LEXICON": lexicon,
        "TABLE": str(table),
        "JOB": job["id"],
        "FILE": job["file_id"],
        "TRANSCRIPT": transcript,
        "VOICE": voice,
        "WEBHOOK": webhook,
        "DELIVERY": cli("webhooks", "test", webhook, "--json").json["id"],
        "BUDGET": cli("budget", "set", "5", "--period", "day", "--json").json["id"],
        **_songs(cli, place),
        "DECK": _presentation(place),
        "GENERATION": _generation(cli)["id"],
        "PROMPT": _prompt(cli),
        "SAMPLE": cli("voices", "add", str(RECORDING), "--consent", "They said so.", "--json").json["id"],
    }


def _songs(cli, place):
    """A song that has lyrics, and a folder with another."""
    folder, lyrics = place / "more", place / "words.lrc"
    folder.mkdir()
    encoded(folder / "second.mp3", "mp3", title="Second tone", artist="Fork")
    tone = encoded(place / "first.flac", "flac", title="First tone", artist="Fork")
    song = cli("songs", "add", str(tone), "--json").json["added"][0]["id"]
    lyrics.write_text("[00:00.10]La\n[00:00.50]la la\n")
    assert cli("songs", "lyrics", "set", song, str(lyrics)).code == 0
    talk = shutil.copyfile(RECORDING, place / "talk.flac")
    return {"SONG": song, "LYRICS": str(lyrics), "TALK": str(talk), "FOLDER": str(folder)}


def _generation(cli, prompt="a click"):
    """A piece of music that was cancelled before anybody composed it."""
    with open_door() as client:
        (item,) = client.generate({"prompt": prompt, "hold": True})
    assert cli("jobs", "cancel", item["job"]["id"]).code == 0
    return item


def _prompt(cli):
    """The id of a prompt whose music is gone."""
    item = _generation(cli, "a clack")
    assert cli("generations", "delete", item["id"]).code == 0
    return item["prompt_id"]


def set_up(place, monkeypatch):
    """Set what commands about these things need."""
    monkeypatch.setenv("TENUTO_WEBHOOK_ALLOW", '["127.0.0.1"]')
    monkeypatch.setenv("TENUTO_IMPORT_DIRS", json.dumps([str(place / "more")]))


def _presentation(place):
    """The id of a deck of three slides that waits to be filmed anew."""
    with contextlib.closing(open_house()) as house:
        return presented(house, place / "plans.pptx", options={"engine": "auto"}).row.uid
