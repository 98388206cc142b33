"""Edits over HTTP, on both databases."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from edited import heard, long_talk
from ledgers import OWNER, ledger
from tenuto.api.app import create_app
from tenuto.domain import editing
from tenuto.exports import registry

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def here(request, tmp_path):
    with ledger(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def client(here):
    with TestClient(create_app(here.house), base_url="http://127.0.0.1:8000") as door:
        yield door


@pytest.fixture
def talk(here):
    return f"/api/transcripts/{heard(here.house.database, long_talk(6)).uid}"


def everything(client, talk):
    segments = client.get(f"{talk}/segments").json()
    return segments, client.get(f"{talk}/speakers").json()


EDITS = [
    ("PATCH", "/segments/1", {"text": "word0 another word2"}, "text"),
    ("PATCH", "/segments/1", {"speaker": "Ada"}, None),  # She says it already.
    ("PATCH", "/segments/0", {"speaker": None}, "speaker"),
    ("POST", "/segments/0/split", {"word": 3}, "split"),
    ("POST", "/segments/0/split", {"character": 7}, "split"),
    ("POST", "/segments/1/merge", {"count": 3}, "merge"),
    ("PATCH", "/speakers/S2", {"display_name": "Bob"}, "rename_speaker"),
    ("POST", "/speakers/merge", {"source": "S2", "target": "Ada"}, "merge_speakers"),
    ("POST", "/speakers/split", {"speaker": "S1", "positions": [0]}, "split_speaker"),
    ("POST", "/speakers/assign", {"positions": [0, 5], "speaker": "S9"}, "speaker"),
    ("POST", "/speakers/assign", {"positions": [2], "first_word": 0, "last_word": 1, "speaker": "S1"}, "speaker"),
]


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_each_edit_is_made_told_undone_and_redone(client, talk, edit):
    method, address, body, kind = edit
    before = everything(client, talk)
    made = client.request(method, talk + address, json={**body, "revision": 0})
    assert made.status_code == 200, made.text
    done = made.json()
    if kind is None:
        assert (done["revision"], done["edit"], done["hunks"]) == (0, None, [])
        return
    assert (done["revision"], done["edit"]["kind"], done["edit"]["actor"]) == (1, kind, "owner")
    after = everything(client, talk)
    assert after != before
    assert client.post(f"{talk}/undo", json={"revision": 1}).json()["revision"] == 2
    assert everything(client, talk) == before
    redone = client.post(f"{talk}/redo", json={"revision": 2}).json()
    assert (redone["revision"], redone["hunks"]) == (3, done["hunks"])
    assert everything(client, talk) == after
    assert client.get(talk).json()["revision"] == 3


def test_a_deleted_segment_comes_back(client, talk):
    before = everything(client, talk)
    assert client.delete(f"{talk}/segments/2", params={"revision": 0}).json()["hunks"][0]["after"] == []
    assert len(everything(client, talk)[0]["items"]) == 5
    client.post(f"{talk}/undo", json={"revision": 1})
    assert everything(client, talk) == before


def test_a_stale_edit_is_a_conflict_and_changes_nothing(client, talk):
    client.patch(f"{talk}/segments/0", json={"text": "first", "revision": 0})
    answer = client.patch(f"{talk}/segments/0", json={"text": "second", "revision": 0})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_revision")
    assert everything(client, talk)[0]["items"][0]["text"] == "first"


def test_a_transcript_that_is_still_being_made_is_not_edited(client, here):
    row = heard(here.house.database, long_talk(2), ended=False)
    answer = client.patch(f"/api/transcripts/{row.uid}/segments/0", json={"text": "x", "revision": 0})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "processing" in answer.json()["detail"]


def test_exports_show_the_edited_text_at_once(client, talk):
    job = client.get(talk).json()["job_id"]
    address = f"/api/jobs/{job}/export/txt"
    assert "corrected" not in client.get(address).text
    client.patch(f"{talk}/segments/0", json={"text": "corrected", "revision": 0})
    assert "corrected" in client.get(address).text
    client.post(f"{talk}/undo", json={"revision": 1})
    assert "corrected" not in client.get(address).text


def test_an_edit_during_an_export_is_in_the_next_one(client, here, talk, monkeypatch):
    found = client.get(talk).json()
    form = registry.find_format("txt")

    def slowly(transcript, *rest):
        how = lambda before: editing.correct_text(before, 0, "corrected")  # noqa: E731 - it is one line
        here.house.editing.change(OWNER, found["id"], how, kind="text", revision=0)
        return form.render(transcript, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(registry, "find_format", lambda _name: replace(form, render=slowly))
        assert "corrected" not in client.get(f"/api/jobs/{found['job_id']}/export/txt").text
    assert "corrected" in client.get(f"/api/jobs/{found['job_id']}/export/txt").text


def test_the_original_text_outlives_every_edit(client, talk):
    original = client.get(talk).json()["original_text"]
    client.patch(f"{talk}/segments/0", json={"text": "corrected", "revision": 0})
    found = client.get(talk).json()
    assert found["original_text"] == original
    assert found["processed_text"].startswith("Corrected.")


def test_history_tells_what_was_done(client, talk):
    client.patch(f"{talk}/segments/0", json={"text": "corrected", "revision": 0})
    client.post(f"{talk}/segments/0/merge", json={"revision": 1})
    client.post(f"{talk}/undo", json={"revision": 2})
    found = client.get(f"{talk}/history").json()
    assert [(item["number"], item["kind"], item["undone"]) for item in found["items"]] == [
        (2, "merge", True),
        (1, "text", False),
    ]
    detail = client.get(f"{talk}/history/1").json()["hunks"][0]
    assert (detail["position"], detail["after"][0]["text"], detail["after"][0]["flags"][0]) == (
        0,
        "corrected",
        "edited",
    )
    assert client.get(f"{talk}/history/7").status_code == 404


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("PATCH", "/segments/0", {"revision": 0}),
        ("PATCH", "/segments/0", {"text": "x"}),
        ("PATCH", "/segments/0", {"text": "x", "speaker": "S1", "revision": 0}),
        ("PATCH", "/segments/0", {"text": "  ", "revision": 0}),
        ("PATCH", "/segments/0", {"text": "x", "revision": -1}),
        ("POST", "/segments/0/split", {"revision": 0}),
        ("POST", "/segments/0/split", {"word": 1, "character": 1, "revision": 0}),
        ("POST", "/segments/0/split", {"word": 99, "revision": 0}),
        ("POST", "/segments/0/merge", {"count": 1, "revision": 0}),
        ("POST", "/speakers/assign", {"positions": [], "speaker": "S1", "revision": 0}),
        ("POST", "/speakers/assign", {"positions": [0], "speaker": "a/b", "revision": 0}),
        (
            "POST",
            "/speakers/assign",
            {"positions": [0, 1], "speaker": "S1", "first_word": 0, "last_word": 1, "revision": 0},
        ),
    ],
)
def test_what_makes_no_sense_is_refused(client, talk, method, address, body):
    answer = client.request(method, talk + address, json=body)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("PATCH", "/segments/99", {"text": "x", "revision": 0}),
        ("PATCH", "/speakers/Nobody", {"display_name": "x", "revision": 0}),
        ("POST", "/speakers/merge", {"source": "S7", "target": "S1", "revision": 0}),
    ],
)
def test_what_is_not_there_is_not_found(client, talk, method, address, body):
    assert client.request(method, talk + address, json=body).status_code == 404
