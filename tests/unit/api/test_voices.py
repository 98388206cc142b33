"""/api/known-voices."""

import pytest

from tenuto.domain.voices import Voice


@pytest.fixture
def transcript(client, submitted, worker, house):
    worker.finish(submitted["id"])
    with house.database.unit_of_work(None) as work:
        row = work.transcripts.of_job(work.jobs.get_by_id(submitted["id"]).id)
        work.known_voices.describe(row, [Voice("S2", (1.0, 0.0), "ge2e")], {"speakers": {"method": "ge2e"}})
    return client.get("/api/transcripts").json()["items"][0]["id"]


@pytest.fixture
def known(client, transcript):
    wish = {"transcript_id": transcript, "speaker": "S2", "name": "Bob"}
    return client.post("/api/known-voices", json=wish).json()


def test_a_voice_gets_a_name(client, transcript, known):
    assert (known["name"], known["recordings"], known["model"]) == ("Bob", 1, "ge2e")
    assert "voice" not in known
    speaker = client.get(f"/api/transcripts/{transcript}/speakers").json()["items"][1]
    assert (speaker["display_name"], speaker["known_voice_id"]) == ("Bob", known["id"])
    assert client.get(f"/api/known-voices/{known['id']}").json() == known
    assert client.get("/api/known-voices").json() == {"items": [known], "next_cursor": None}


def test_a_voice_gets_another_name_and_is_forgotten(client, known):
    place = f"/api/known-voices/{known['id']}"
    assert client.patch(place, json={"name": "Robert"}).json()["name"] == "Robert"
    assert client.delete(place).json() == {"speakers": 1}
    assert client.get(place).status_code == client.delete(place).status_code == 404


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"speaker": "S2", "name": "Bob"}, 422),
        ({"transcript_id": "", "speaker": "S2", "name": "Bob", "more": 1}, 422),
        ({"transcript_id": "nothing", "speaker": "S2", "name": "Bob"}, 404),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(client, wish, status):
    assert client.post("/api/known-voices", json=wish).status_code == status


def test_a_speaker_of_unknown_sound_is_a_conflict(client, transcript):
    wish = {"transcript_id": transcript, "speaker": "S1", "name": "Ada"}
    answer = client.post("/api/known-voices", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_how_voices_were_told_apart_is_in_the_result(client, submitted, transcript):
    assert client.get(f"/api/transcripts/{transcript}").json()["details"]["speakers"] == {"method": "ge2e"}
    assert client.get(f"/api/jobs/{submitted['id']}/result").json()["details"]["speakers"] == {"method": "ge2e"}
