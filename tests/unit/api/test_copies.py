"""Playback copies and outlines: however many ask, the server goes on with everything else."""

import threading

import pytest

from tenuto import errors
from tenuto.services import copies


class Slow:
    """Media tools that begin a playback copy and end it when they may."""

    def __init__(self, media):
        self.media, self.begun, self.may_end, self.error = media, threading.Semaphore(0), threading.Event(), None
        self.count = 0

    def playback_copy(self, source, target):
        self.count += 1
        self.begun.release()
        assert self.may_end.wait(60)
        if self.error:
            raise self.error
        self.media.playback_copy(source, target)


@pytest.fixture
def slow(house, monkeypatch):
    found = Slow(house.files.copies.media)
    monkeypatch.setattr(house.files.copies, "media", found)
    monkeypatch.setattr(copies, "PATIENCE_SECONDS", 0.0)
    yield found
    found.may_end.set()


def address(file):
    return f"/api/files/{file['id']}/content?copy=playback"


def settled(house):
    """Wait for what is being made."""
    for future in list(house.files.copies._making.values()):
        future.exception(timeout=60)


def test_a_copy_that_many_ask_for_is_made_once_and_nobody_is_held(client, house, uploaded, slow):
    answers = [client.get(address(uploaded)) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["code"] for answer in answers} == {"not_ready"}
    assert answers[0].headers["retry-after"] == "10"
    assert slow.begun.acquire(timeout=60)
    slow.may_end.set()
    settled(house)
    assert client.get(address(uploaded)).status_code == 200
    assert slow.count == 1


def test_a_request_waits_for_a_copy_that_is_made_soon(client, uploaded):
    assert client.get(address(uploaded)).status_code == 200
    assert client.get(f"/api/files/{uploaded['id']}/peaks").status_code == 200


def test_few_requests_wait_at_a_time(client, house, uploaded, slow, monkeypatch):
    monkeypatch.setattr(copies, "PATIENCE_SECONDS", 3600.0)
    monkeypatch.setattr(house.files.copies, "_patience", threading.BoundedSemaphore(1))
    assert house.files.copies._patience.acquire()  # Somebody waits.
    assert client.get(address(uploaded)).status_code == 503


def test_copies_never_share_children_with_uploads(client, house, uploaded, recording, monkeypatch):
    monkeypatch.setattr(copies, "PATIENCE_SECONDS", 0.0)
    slots = house.files.copies.media._pool._slots
    taken = 0
    while slots.acquire(blocking=False):  # Long copies are being made.
        taken += 1
    try:
        assert client.get(address(uploaded)).status_code == 503
        assert client.post("/api/files", files={"file": ("other.wav", recording)}).status_code == 201
    finally:
        slots.release(taken)


def test_a_copy_that_cannot_be_made_says_so_to_the_next_who_asks(client, house, uploaded, slow):
    slow.error = errors.BrokenMedia("It ends in noise.")
    assert client.get(address(uploaded)).status_code == 503
    slow.may_end.set()
    settled(house)
    answer = client.get(address(uploaded))
    assert (answer.status_code, answer.json()["detail"]) == (422, "It ends in noise.")


def test_only_so_many_copies_are_begun(client, uploaded, slow, monkeypatch):
    monkeypatch.setattr(copies, "MOST_BEING_MADE", 1)
    assert client.get(address(uploaded)).status_code == 503
    answer = client.get(f"/api/files/{uploaded['id']}/peaks")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "other recordings" in answer.json()["detail"]


def test_errors_nobody_asked_for_make_room(client, house, uploaded, slow, monkeypatch):
    monkeypatch.setattr(copies, "MOST_BEING_MADE", 1)
    slow.error = errors.BrokenMedia()
    client.get(address(uploaded))
    slow.may_end.set()
    settled(house)
    monkeypatch.setattr(house.files.copies, "media", slow.media)
    monkeypatch.setattr(copies, "PATIENCE_SECONDS", 60.0)
    assert client.get(f"/api/files/{uploaded['id']}/peaks").status_code == 200
