"""Every hostile deck through the front door: refused in a second, or taken for its words alone; nothing else suffers."""

import json
import time
from pathlib import Path

import psutil
import pytest

from acceptance.test_hostile_uploads import CLIENT_CODES, Heartbeat
from hostile import decks, packages
from hostile.canary import canary_watch
from server import running_server

SECONDS = 1.0  # of processor time in all of the server, for one deck
MOST_SECONDS = 4.0  # for a deck that is taken


def cpu_seconds(process):
    """What the server and its living children have used."""
    members = [process, *process.children(recursive=True)]
    return sum(times.user + times.system for times in (member.cpu_times() for member in members))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hostile_decks_are_refused_or_taken_and_the_server_stays_well(tmp_path):
    with canary_watch(tmp_path) as watch, running_server(tmp_path, TENUTO_RETENTION_HOURS="0") as server:
        good = server.client.post("/api/files", files={"file": ("good.pptx", packages.deck())})
        assert good.status_code == 201, good.text
        pulse, process = Heartbeat(server.url), psutil.Process(server.process.pid)
        pulse.start()
        taken = 0
        for case in decks.CASES:
            path = tmp_path / "deck.pptx"
            case.make(path, watch.canary)
            before, started = cpu_seconds(process), time.monotonic()
            answer = server.client.post("/api/files", files={"file": ("deck.pptx", path.read_bytes())})
            used = min(cpu_seconds(process) - before, time.monotonic() - started)
            assert used < (MOST_SECONDS if answer.status_code == 201 else SECONDS), (case.name, used)
            taken += seen(case, answer, watch.canary.text)
        pulse.done.set()
        pulse.join()
        assert set(pulse.answers) == {200}
        assert not watch.hits
        assert not Path("/tmp/tenuto-evil").exists()
        tidy(server, tmp_path, taken + 1)


def seen(case, answer, secret):
    """Whether the deck was taken, which it may only be when the case allows it."""
    told = json.loads(answer.content)
    assert secret not in answer.text
    assert "Traceback" not in answer.text
    if answer.status_code == 201:
        assert case.expect != "refused", case.name
        assert told["kind"] == "deck"
        return 1
    assert case.expect != "good", (case.name, told)
    assert 400 <= answer.status_code < 500, (case.name, told)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert told["code"] in CLIENT_CODES, (case.name, told)
    assert told["detail"].endswith("."), told
    return 0


def tidy(server, tmp_path, files):
    """Nothing lies about but the decks that were taken, and the next one is taken as well."""
    data = tmp_path / "data"
    assert list((data / "files" / "spool").iterdir()) == []
    assert len(server.client.get("/api/files", params={"limit": 200}).json()["items"]) == files
    assert "Traceback" not in server.log_text()
    last = server.client.post("/api/files", files={"file": ("last.pptx", packages.deck(slides=2))})
    assert last.status_code == 201
