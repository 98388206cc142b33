"""/api/presentations, without a worker."""

import pytest

from presented import add_deck, presented

OPTIONS = {"engine": "fake-voice"}


@pytest.fixture
def house(make_house):
    return make_house(engines=["fake", "fake-voice"])


@pytest.fixture
def shown(client, house, tmp_path):
    """A presentation of three slides whose deck was read."""
    view = presented(house, tmp_path / "plans.pptx", options=OPTIONS, hidden=(3,))
    return client.get(f"/api/presentations/{view.row.uid}").json()


def test_a_deck_that_was_uploaded_is_filmed(client, house, tmp_path):
    file = add_deck(house, tmp_path / "plans.pptx")
    answer = client.post("/api/presentations", json={"file_id": file, "options": {**OPTIONS, "title": "Plans"}})
    begun = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/api/presentations/{begun['id']}")
    assert (begun["title"], begun["status"], begun["file_id"], begun["video_url"]) == ("Plans", "queued", file, None)
    assert begun["job"]["presentation_id"] == begun["id"]
    assert client.get("/api/presentations").json()["items"] == [begun]
    assert client.get(f"/api/presentations/{begun['id']}/jobs").json()["items"] == [begun["job"]]
    again = client.post(f"/api/presentations/{begun['id']}/render", json={})
    assert (again.status_code, again.json()["job_id"]) == (409, begun["job"]["id"])
    assert client.delete(f"/api/presentations/{begun['id']}").status_code == 409


def test_the_same_request_makes_one_job(client, house, tmp_path):
    wish = {"file_id": add_deck(house, tmp_path / "plans.pptx"), "options": OPTIONS}
    key = {"Idempotency-Key": "1"}
    first, second = (client.post("/api/presentations", json=wish, headers=key).json() for _ in range(2))
    assert first["job"]["id"] == second["job"]["id"]


def test_slides_that_nothing_here_can_draw_are_refused_with_what_to_install(client, house, tmp_path, monkeypatch):
    monkeypatch.setattr("tenuto.media.slide_canvas._installed", lambda: False)
    file = add_deck(house, tmp_path / "plans.pptx")
    for path, wish in (("/api/presentations", {}), ("/api/jobs", {"kind": "narrate"})):
        answer = client.post(path, json={"file_id": file, "options": OPTIONS, **wish})
        assert (answer.status_code, answer.json()["code"]) == (503, "engine_missing")
        assert "pip install 'tenuto[slides]'" in answer.json()["detail"]
        assert client.get(path).json()["items"] == []


def test_what_cannot_be_filmed_is_refused(client, recording):
    for wish in ({}, {"file_id": ""}, {"file_id": "x", "more": 1}):
        assert client.post("/api/presentations", json=wish).status_code == 422
    assert client.post("/api/presentations", json={"file_id": "x", "options": OPTIONS}).status_code == 404
    assert client.post("/api/presentations", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    assert client.post("/api/presentations", data={"options": "[]"}, files={"file": ("a", b"x")}).status_code == 422
    assert client.get("/api/files").json()["items"] == []


def test_slides_are_shown_in_order_with_what_the_deck_says(shown):
    assert [slide["number"] for slide in shown["slides"]] == [1, 2, 3]
    first, *_, last = shown["slides"]
    assert (first["notes"], first["language"]) == ("Slide 1 says this. And it says that.", "en-US")
    assert (last["hidden"], last["skipped"], first["thumbnail_url"], first["start_ms"]) == (True, None, None, None)
    assert (shown["slides_count"], shown["revision"], shown["rendered_revision"]) == (3, 0, None)


def test_a_slide_is_edited_once_per_revision(client, shown):
    place = f"/api/presentations/{shown['id']}/slides/2"
    change = {"revision": 0, "notes": "New.\nAnd more.", "title": "Second", "skipped": True}
    edited = client.patch(place, json=change).json()
    assert edited["revision"] == 1
    assert {name: edited["slide"][name] for name in change if name != "revision"} == {
        name: value for name, value in change.items() if name != "revision"
    }
    assert client.get(place).json() == edited
    late = client.patch(place, json=change)
    assert (late.status_code, late.json()["code"]) == (409, "stale_revision")
    assert client.patch(place, json={"revision": 1, "skipped": None}).json()["slide"]["skipped"] is None
    assert client.patch(place, json={"notes": "no revision"}).status_code == 422
    assert client.patch(place, json={"revision": 2, "notes": "x" * 50_001}).status_code == 422
    assert client.patch(place, json={"revision": 2, "notes": "x" * 50_000}).status_code == 200
    assert client.get(f"/api/presentations/{shown['id']}/slides/9").status_code == 404


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({}, "Say what to change"),
        ({"title": "a\x1b]0;b\x07"}, "no text"),
        ({"language": "de_DE!"}, "code such as"),
        ({"notes": None}, "valid string"),
    ],
)
def test_an_edit_that_makes_no_sense_changes_nothing(client, shown, edit, why):
    address = f"/api/presentations/{shown['id']}/slides/1"
    refused = client.patch(address, json={"revision": 0, **edit})
    assert refused.status_code == 422
    assert why in refused.json()["detail"]
    assert client.get(address).json()["revision"] == 0


def test_a_slide_is_given_its_language(client, shown):
    address = f"/api/presentations/{shown['id']}/slides/2"
    edited = client.patch(address, json={"revision": 0, "language": "de-AT", "title": " Zwei \n  Zeilen "}).json()
    assert (edited["slide"]["language"], edited["slide"]["title"]) == ("de-AT", "Zwei Zeilen")


def test_slides_are_put_in_another_order(client, shown):
    place = f"/api/presentations/{shown['id']}/order"
    arranged = client.put(place, json={"revision": 0, "order": [3, 1, 2]}).json()
    assert [slide["number"] for slide in arranged["slides"]] == [3, 1, 2]
    assert arranged["revision"] == 1
    for wrong in ([3, 1], [3, 1, 2, 2], [3, 1, 4], [0, 1, 2]):
        assert client.put(place, json={"revision": 1, "order": wrong}).status_code == 422


def test_a_presentation_gets_another_title_and_is_deleted(client, shown):
    place = f"/api/presentations/{shown['id']}"
    assert client.patch(place, json={"revision": 0, "title": " Other  plans "}).json()["title"] == "Other plans"
    assert client.patch(place, json={"revision": 1, "title": "  "}).status_code == 422
    for part in ("video", "poster", "slides/1/picture", "slides/1/thumbnail", "slides/1/sound"):
        assert client.get(f"{place}/{part}").status_code == 404
    assert client.delete(f"/api/files/{shown['file_id']}").status_code == 409
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == client.get(f"/api/files/{shown['file_id']}").status_code == 404


def test_a_file_that_is_no_deck_leaves_nothing(client):
    for name, data in (("a.pptx", b"PK no deck"), ("b.txt", b"words")):
        answer = client.post("/api/presentations", files={"file": (name, data)}, data=OPTIONS)
        assert 400 <= answer.status_code < 500
    assert client.get("/api/presentations").json()["items"] == []
