"""Health, engines and the operator's routes."""

from threading import Event

import pytest

from tenuto import errors


def test_health_names_every_part(client):
    said = client.get("/health").json()
    assert {part["name"] for part in said["components"]} == {"database", "queue", "storage", "engines", "slides"}
    assert said["status"] == "warning"  # No worker runs here.


def test_a_failing_part_turns_health_and_readiness_red(house, client_of, monkeypatch):
    def away():
        raise errors.DatabaseError

    monkeypatch.setattr(house.database, "ping", away)
    client = client_of(house)
    assert client.get("/health").status_code == 503
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


def test_a_server_that_leaves_is_alive_and_not_ready(house, client_of):
    closing = Event()
    client = client_of(house, closing=closing)
    assert client.get("/health/ready").status_code == 200
    closing.set()
    assert (client.get("/health/ready").status_code, client.get("/health/live").status_code) == (503, 200)


def test_engines_are_listed_with_the_default(client):
    said = client.get("/api/engines").json()
    names = [item["name"] for item in said["items"]]
    assert names[:2] == ["pocketsphinx", "fake"]
    assert {"ge2e", "espeak", "flite"} <= set(names[2:])
    assert "fake-voice" not in names  # unless the settings name it
    assert said["default"] == "pocketsphinx"


@pytest.mark.parametrize(("fetch", "status"), [(False, "failing"), (True, "warning")])
def test_health_needs_an_engine_that_transcribes(make_house, client_of, monkeypatch, fetch, status):
    monkeypatch.setattr("tenuto.engines.whisper._installed", lambda: True)
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "1.0")
    monkeypatch.setattr("tenuto.engines.whisper.hub_answers", lambda _config: False)
    client = client_of(make_house(engines=["whisper"], allow_fetch=fetch))
    said = client.get("/health").json()
    part = next(part for part in said["components"] if part["name"] == "engines")
    assert (part["status"], "nothing can transcribe" in part["detail"]) == (status, True)
    listed = client.get("/api/engines").json()
    assert (listed["default"], "whisper" in listed["reason"]) == ("", True)


def test_storage_is_counted(client, uploaded):
    said = client.get("/storage/stats").json()
    assert (said["files"], said["bytes"]) == (1, uploaded["size_bytes"])


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_a_sweep_leaves_what_is_fresh(client, uploaded, dry_run):
    said = client.post(f"/admin/cleanup?dry_run={dry_run}").json()
    assert (said["dry_run"], said["deleted"]) == (dry_run == "true", 0)
    assert client.get(f"/api/files/{uploaded['id']}").status_code == 200


def test_every_route_is_described(client):
    document = client.get("/openapi.json").json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation["description"] for operation in operations)
    assert "HTTPValidationError" not in str(document)
