"""Decks of slides come in by every door, stay out of what works on sound, and go out as they came."""

import base64
from dataclasses import replace

import pytest

from hostile import packages
from tenuto.domain.decks import MEDIA_TYPE
from tenuto.domain.media import DECK
from tenuto.pipelines.registry import PIPELINES

DECK_BYTES = packages.deck(slides=3)
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def deck(client):
    answer = client.post("/api/files", files={"file": ("plan.pptx", DECK_BYTES)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def by_form(client, name, body, kind="audio/wav"):
    return client.post("/api/files", files={"file": (name, body, kind)}).json()


def by_raw_body(client, name, body):
    return client.put("/api/files/raw", params={"name": name}, content=body).json()


def by_pieces(client, name, body):
    told = {"Upload-Length": str(len(body)), "Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}"}
    answer = client.post("/api/uploads", headers={**TUS, **told}, content=body)
    return client.get(f"/api/files/{answer.headers['tenuto-file-id']}").json()


@pytest.mark.parametrize("door", [by_form, by_raw_body, by_pieces])
@pytest.mark.parametrize("name", ["plan.pptx", "song.wav", "plan"])
def test_every_door_takes_a_deck_whatever_it_is_called(door, name, client):
    found = door(client, name, DECK_BYTES)
    assert (found["kind"], found["media_type"], found["container"]) == ("deck", MEDIA_TYPE, "pptx")
    assert (found["duration_ms"], found["channels"], found["sample_rate"]) == (0, 0, 0)
    assert (found["name"], found["size_bytes"]) == (name, len(DECK_BYTES))


def test_a_recording_called_a_deck_is_a_recording(client, recording):
    assert by_form(client, "plan.pptx", recording, MEDIA_TYPE)["kind"] == "recording"


def test_what_is_missing_in_a_deck_is_said_when_it_comes(client):
    links = packages.relations(("rId9", "video", "https://example.com/film", "External"))
    found = by_form(client, "plan.pptx", packages.deck({"ppt/slides/_rels/slide1.xml.rels": links}))
    assert "outside the deck (video)" in found["warnings"][0]


def test_a_deck_goes_out_as_a_file_to_keep(client, deck):
    answer = client.get(f"/api/files/{deck['id']}/content")
    assert answer.content == DECK_BYTES
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["content-disposition"].startswith('attachment; filename="plan.pptx"')
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("what", ["content?copy=playback", "peaks"])
def test_a_deck_has_no_sound(what, client, deck):
    answer = client.get(f"/api/files/{deck['id']}/{what}")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media")
    assert "no sound" in answer.json()["detail"]


def test_a_job_on_sound_refuses_a_deck_that_comes_along_and_keeps_nothing(client, house):
    answer = client.post("/api/jobs", files={"file": ("plan.pptx", DECK_BYTES)})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media")
    assert "'narrate'" in answer.json()["detail"]
    assert client.get("/api/files").json()["items"] == []
    assert not [path for path in house.settings.data_dir.joinpath("files").rglob("*") if path.is_file()]


@pytest.mark.parametrize("route", ["/api/jobs", "/api/jobs/estimate"])
def test_a_job_on_sound_refuses_a_deck_that_is_here(route, client, deck):
    answer = client.post(route, json={"kind": "transcribe", "file_id": deck["id"]})
    assert answer.status_code == 415
    assert client.get("/api/jobs").json()["items"] == []


def test_the_openai_door_refuses_a_deck(client):
    answer = client.post("/v1/audio/transcriptions", data={"model": "fake"}, files={"file": ("a.wav", DECK_BYTES)})
    assert 400 <= answer.status_code < 500
    assert client.get("/api/files").json()["items"] == []


def test_a_deck_is_no_song(client, deck):
    songs = client.post("/api/songs", data={"title": "A", "artist": "B"}, files={"file": ("a.mp3", DECK_BYTES)})
    assert songs.status_code == 415
    named = client.post("/api/songs", json={"file_id": deck["id"], "title": "A", "artist": "B"})
    assert named.status_code == 415
    assert client.get("/api/songs").json()["items"] == []


def test_a_job_that_wants_a_deck_refuses_a_recording(client, uploaded, deck, monkeypatch):
    wants_decks = replace(PIPELINES["transcribe"], name="transcribe", file_kind=DECK)
    monkeypatch.setitem(PIPELINES, "transcribe", wants_decks)
    wish = {"kind": "transcribe", "options": {"engine": "fake"}}
    refused = client.post("/api/jobs", json={**wish, "file_id": uploaded["id"]})
    assert (refused.status_code, "needs a deck" in refused.json()["detail"]) == (415, True)
    taken = client.post("/api/jobs", json={**wish, "file_id": deck["id"]})
    assert taken.status_code == 202


def test_decks_are_counted_by_themselves(client, deck):
    kinds = client.get("/storage/stats").json()["by_kind"]
    assert kinds == {"pptx": {"count": 1, "bytes": len(DECK_BYTES)}}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (packages.deck({"ppt/presentation.xml": f'<p:presentation xmlns:p="{packages.PML}"/>'.encode()}), 422),
        (packages.deck(main="application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"), 415),
        (DECK_BYTES[:-30], 422),
    ],
)
def test_a_deck_that_cannot_be_used_is_refused_with_a_sentence(data, status, client):
    answer = client.post("/api/files", files={"file": ("plan.pptx", data)})
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")
    assert client.get("/api/files").json()["items"] == []
