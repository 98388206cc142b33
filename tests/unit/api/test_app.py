"""The door as a whole: nobody sees another's things, and any server can open it."""

import logging
import re

import pytest
from starlette.testclient import TestClient

from presented import presented
from tenuto.api import app
from tenuto.api.app import build_api, from_environment, routes
from tenuto.api.owner import owner_id
from tenuto.db.models import KnownVoiceRow, OwnerRow, WebhookRow
from tenuto.db.work import EVERYONE

ABSENT = "00000000-0000-0000-0000-000000000000"
TUS = {"Tus-Resumable": "1.0.0"}
NOUNS = (
    "jobs",
    "files",
    "transcripts",
    "lexicons",
    "songs",
    "webhooks",
    "budgets",
    "known-voices",
    "voices",
    "generations",
    "prompts",
    "presentations",
)
OTHERS = {
    "{format_name}": "srt",
    "stems/{name}": "stems/vocals",
    "{form}": "plain",
    "{position}": "0",
    "{number}": "1",
    "{label}": "S1",
    "{name}": "speech",
    "{delivery}": ABSENT,
}
REVISION = {"revision": 0}
CONSENT = {"name": "Ada", "consent": "She said so.", "consent_at": "2026-01-31"}
BODIES = {
    ("patch", "transcripts"): {"title": "Mine"},
    ("patch", "transcripts segments {position}"): {**REVISION, "text": "mine"},
    ("post", "transcripts segments {position} split"): {**REVISION, "word": 1},
    ("post", "transcripts segments {position} merge"): REVISION,
    ("post", "transcripts speakers merge"): {**REVISION, "source": "S1", "target": "S2"},
    ("post", "transcripts speakers split"): {**REVISION, "speaker": "S1", "positions": [0]},
    ("post", "transcripts speakers assign"): {**REVISION, "speaker": "S1", "positions": [0]},
    ("patch", "transcripts speakers {label}"): {**REVISION, "display_name": "Mine"},
    ("post", "transcripts undo"): REVISION,
    ("post", "transcripts redo"): REVISION,
    ("post", "transcripts realign"): {},
    ("patch", "lexicons"): {"name": "Mine"},
    ("put", "lexicons rules"): {"rules": []},
    ("post", "lexicons rules"): {"rules": []},
    ("post", "lexicons try"): {"text": "a"},
    ("patch", "songs"): {"title": "Mine"},
    ("put", "songs lyrics"): "my words",
    ("patch", "songs lyrics"): {"offset_ms": 1},
    ("put", "songs lyrics times"): {"lines": [{"line": 0, "start_ms": 1}]},
    ("post", "generations again"): {"takes": 2},
    ("patch", "known-voices"): {"name": "Mine"},
    ("patch", "presentations"): {**REVISION, "title": "Mine"},
    ("put", "presentations order"): {**REVISION, "order": [3, 2, 1]},
    ("post", "presentations render"): {"options": {}},
    ("patch", "presentations slides {number}"): {**REVISION, "notes": "mine"},
    ("patch", "webhooks"): {"is_active": False},
}


@pytest.fixture(scope="module")
def routes_of_a_stranger():
    """Routes of their own, or everybody would be the stranger."""
    strange = routes.__wrapped__()
    strange.dependency_overrides[owner_id] = lambda: 2
    return strange


@pytest.fixture
def stranger(house, routes_of_a_stranger, monkeypatch):
    """Another owner's door to the same house."""
    with house.database.unit_of_work(EVERYONE) as work:
        work.session.add(OwnerRow(name="stranger"))
        work.session.flush()
    with monkeypatch.context() as patch:
        patch.setattr(app, "routes", lambda: routes_of_a_stranger)
        api = build_api(house)
    with TestClient(api, base_url="http://localhost") as door:
        yield door


@pytest.fixture
def mine(client, submitted, worker, house, recording):
    """Noun → the id of one that somebody else owns."""
    worker.finish(submitted["id"])
    with house.database.unit_of_work(1) as work:
        voice = KnownVoiceRow(name="Ada", model="m", voice=b"1234")
        webhook = WebhookRow(url="https://192.0.2.1/", secret="secret", events=["job.completed"])
        work.session.add_all([voice, webhook])
    tus = {**TUS, "Upload-Length": "9"}
    named = {"title": "Blue", "artist": "The Bells"}
    song = client.post("/api/songs", files={"file": ("song.wav", recording[:-2] + b"ab")}, data=named).json()["id"]
    client.put(f"/api/songs/{song}/lyrics", content="some words")
    (piece,) = client.post("/api/generations", json={"prompt": "jazz"}).json()["items"]
    return {
        "songs": song,
        "generations": piece["id"],
        "prompts": piece["prompt_id"],
        "jobs": submitted["id"],
        "files": submitted["file_id"],
        "transcripts": client.get("/api/transcripts").json()["items"][0]["id"],
        "uploads": client.post("/api/uploads", headers=tus).headers["location"].rpartition("/")[2],
        "lexicons": client.post("/api/lexicons", json={"name": "Names"}).json()["id"],
        "budgets": client.put("/api/budgets", json={"period": "day", "limit": "1"}).json()["id"],
        "webhooks": webhook.uid,
        "known-voices": voice.uid,
        "presentations": _presentation(house),
        "voices": client.post("/api/voices", files={"file": ("ada.wav", recording)}, data=CONSENT).json()["id"],
    }


def _presentation(house):
    return presented(house, house.settings.data_dir / "plans.pptx", options={"engine": "auto"}).row.uid


def body_for(method, path):
    """What the route takes, so that it comes to look whose thing it is about."""
    words = [word for word in path.split("/") if word and word != "{uid}"]
    wanted = BODIES.get((method, " ".join(words[1:])))
    return {} if wanted is None else {"json": wanted}


def test_a_stranger_learns_nothing_about_anothers_things(mine, stranger):
    tried = 0
    for path, operations in stranger.get("/openapi.json").json()["paths"].items():
        if "{uid}" not in path:
            continue
        noun = path.split("/")[2]
        filled = path
        for name, value in OTHERS.items():
            filled = filled.replace(name, value)
        for method in operations:
            real, absent = (
                stranger.request(
                    method, filled.replace("{uid}", uid), headers=TUS, params={"revision": 0}, **body_for(method, path)
                )
                for uid in (mine[noun], ABSENT)
            )
            assert real.status_code == absent.status_code == 404, (method, path, real.text)
            assert re.sub(mine[noun], ABSENT, real.text) == absent.text
            tried += 1
    assert tried >= 50


@pytest.mark.parametrize("noun", NOUNS)
def test_lists_show_ones_own_alone(submitted, stranger, noun):
    assert stranger.get(f"/api/{noun}").json()["items"] == []


def test_counts_and_numbers_are_ones_own(submitted, stranger):
    assert stranger.get("/api/jobs").json()["counts"] == {}
    assert stranger.get("/storage/stats").json()["files"] == 0


def test_a_cursor_of_another_leads_to_ones_own(client, uploaded, recording, stranger):
    client.put("/api/files/raw?name=b.wav", content=recording)
    cursor = client.get("/api/files?limit=1").json()["next_cursor"]
    assert stranger.get("/api/files", params={"cursor": cursor}).json()["items"] == []


def test_any_server_can_open_the_door(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENUTO_DATA_DIR", str(tmp_path / "data"))
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        door = from_environment()
        assert TestClient(door, base_url="http://localhost").get("/api/jobs").json()["items"] == []
        door.app.app.state.house.close()
    finally:
        root.handlers[:] = kept
        root.setLevel(level)


def test_doors_of_two_houses_share_routes_and_nothing_else(make_house, client_of, recording):
    full, empty = client_of(make_house()), client_of(make_house())
    full.post("/api/files", files={"file": ("saw.wav", recording)})
    assert [len(door.get("/api/files").json()["items"]) for door in (full, empty, full)] == [1, 0, 1]
