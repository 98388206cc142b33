"""Commands that ask the HTTP API find it in this process when no server is named."""

import pytest

from tenuto import errors
from tenuto.cli.door import open_door


@pytest.fixture
def door(ledger, monkeypatch, cli):
    with open_door() as client:
        yield client


def test_the_application_in_this_process_answers(door):
    assert door.ask("GET", "/api/jobs")["items"][0]["status"] == "completed"
    assert [job.status for job in door.jobs().items] == ["completed"]


def test_its_refusals_are_the_errors_of_the_house(door):
    with pytest.raises(errors.NotFound):
        door.ask("GET", "/api/jobs/00000000-0000-0000-0000-000000000000")


def test_bytes_come_whole(door):
    job = door.jobs().items[0]
    assert b"-->" in door.download(f"/api/jobs/{job.id}/export/srt")


def test_what_answers_nothing_is_empty(door):
    job = door.jobs().items[0]
    assert door.ask("DELETE", f"/api/jobs/{job.id}") == {}
    assert door.jobs().items == []
