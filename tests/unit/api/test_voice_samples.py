"""/api/voices."""

import io
import wave

import pytest

WISH = {"name": "Ada", "consent": "Ada agreed by mail.", "consent_at": "2026-01-31"}


def add(client, recording, **changed):
    return client.post("/api/voices", files={"file": ("ada.wav", recording)}, data=WISH | changed)


def test_a_sample_is_kept_with_the_consent_it_came_with(client, recording):
    answer = add(client, recording)
    voice = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/voices/{voice['id']}")
    assert {name: voice[name] for name in WISH} == WISH | {"consent_at": "2026-01-31T00:00:00Z"}
    assert (voice["method"], voice["shaped"], voice["distances"]) == ("voice matching", False, {})
    assert (voice["duration_ms"], voice["sample_rate"], voice["channels"]) == (2000, 16_000, 1)
    assert client.get(answer.headers["location"]).json() == voice
    assert client.get("/api/voices").json() == {"items": [voice], "next_cursor": None}
    with wave.open(io.BytesIO(client.get(voice["sample_url"]).content)) as sample:
        assert (sample.getnframes(), sample.getframerate(), sample.getsampwidth()) == (32_000, 16_000, 2)
    assert client.get("/api/files").json()["items"] == []


def test_an_uploaded_recording_becomes_a_sample(client, uploaded):
    voice = client.post(
        "/api/voices", json=WISH | {"file_id": uploaded["id"], "consent_at": "2026-01-31T12:00:00+02:00"}
    )
    assert voice.json()["consent_at"] == "2026-01-31T10:00:00Z"
    assert client.delete(f"/api/files/{uploaded['id']}").status_code == 204
    assert client.head(voice.json()["sample_url"]).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"consent": ""}, 422),
        ({"consent": "  "}, 422),
        ({"name": " "}, 422),
        ({"consent_at": ""}, 422),
        ({"consent_at": "yesterday"}, 422),
        ({"consent_at": "2999-01-01"}, 422),
        ({"consent_at": "0001-01-01T01:00:00+14:00"}, 422),
        ({"more": "1"}, 422),
    ],
)
def test_a_sample_without_consent_or_name_is_refused(client, recording, changed, status):
    assert add(client, recording, **changed).status_code == status
    assert client.get("/api/voices").json()["items"] == []


def test_what_is_no_recording_is_no_sample(client):
    assert add(client, b"no sound at all").status_code == 415
    assert client.post("/api/voices", data=WISH, files={"other": b"x"}).status_code == 422
    assert client.post("/api/voices", content=b"x", headers={"content-type": "text/plain"}).status_code == 415


def test_a_name_is_taken_once_and_free_again_when_its_voice_is_gone(client, recording):
    voice = add(client, recording).json()
    second = add(client, recording)
    assert (second.status_code, second.json()["code"]) == (409, "conflict")
    assert client.delete(f"/api/voices/{voice['id']}").status_code == 204
    assert client.get(voice["sample_url"]).status_code == 404
    assert add(client, recording).status_code == 201
