"""Generated music from the request to the deletion, in real workers, also over kill -9, on both databases."""

import pytest
from starlette.testclient import TestClient

from databases import OWNER
from ledgers import ledger
from tenuto.api.app import build_api
from tenuto.db.work import EVERYONE

ENGINES = '["pocketsphinx", "fake", "fake-composer"]'
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
LISTS = "/api/generations", "/api/prompts"


@pytest.fixture(params=KINDS)
def here(request, tmp_path):
    with ledger(request.param, tmp_path, TENUTO_ENGINES=ENGINES) as made:
        yield made


@pytest.fixture
def client(here):
    with TestClient(build_api(here.house), base_url="http://localhost") as door:
        yield door


def ask(client, address=LISTS[0], **wish):
    answer = client.post(address, json={"engine": "fake-composer", "seconds": 8, **wish})
    assert answer.status_code == 202, answer.text
    return answer.json()["items"]


def stored(here):
    return {item.key for item in here.house.content.storage.list("content")}


def test_music_is_composed_measured_found_varied_and_deleted(here, client):
    asked = ask(client, prompts=["a click", "a slow click"], takes=2, format="flac")
    here.start_worker("--drain").wait(timeout=120)
    done = client.get(LISTS[0], params={"status": "completed", "bpm_from": 119, "bpm_to": 121}).json()
    assert ([item["id"] for item in done["items"]], done["counts"]) == (
        [item["id"] for item in asked][::-1],
        {"completed": 4},
    ), here.logs()
    for item, wish in zip(done["items"], asked[::-1], strict=True):
        assert (item["engine"], item["model"], item["seed"]) == ("fake-composer", "fake-1", wish["seed"])
        assert (item["seconds"], item["sample_rate"], item["channels"], item["format"]) == (8.0, 44_100, 2, "flac")
        assert item["loudness_lufs"] is not None
        assert item["composed_bpm"] == (97 if item["seed"] % 2 else 120)
        music = client.get(item["music_url"])
        assert (len(music.content), item["generation_ms"] > 0) == (item["size_bytes"], True)
    last = done["items"][0]
    (varied,) = ask(client, f"{LISTS[0]}/{last['id']}/again", takes=1)
    assert varied["seed"] not in {item["seed"] for item in asked}
    numbers = here.house.numbers.get_database_stats()
    assert (numbers["generations"], numbers["generations_total"]) == ({"completed": 4, "queued": 1}, 5)
    assert (numbers["prompts"], numbers["music_seconds"]) == (2, 32.0)
    assert numbers["music_bytes"] == sum(item["size_bytes"] for item in done["items"])
    outputs = here.house.upkeep.get_storage_stats(OWNER)["outputs"]
    assert outputs["music"] == {"count": 4, "bytes": numbers["music_bytes"]}
    assert outputs["composition"]["count"] == 4
    used = {item["text"]: item["used_count"] for item in client.get(LISTS[1]).json()["items"]}
    assert used == {"a click": 2, "a slow click": 3}
    before = stored(here)
    assert client.delete(f"{LISTS[0]}/{last['id']}").status_code == 204
    assert len(stored(here)) < len(before)
    assert client.get(last["music_url"]).status_code == 404
    assert here.house.upkeep.get_storage_stats(OWNER)["outputs"]["music"]["count"] == 3


@pytest.mark.parametrize("point", ["computed:compose", "recorded:compose"])
def test_music_is_in_the_ledger_once_when_its_worker_is_killed(here, client, point):
    (item,) = ask(client, prompt="a click", title=f"Click - die_at {point}")
    assert here.start_worker("--drain").wait(timeout=120) == -9
    composed = client.get(f"{LISTS[0]}/{item['id']}").json()["composed_at"]
    assert (composed is None) == (point == "computed:compose")  # All of the step is written, or nothing.
    here.start_worker("--drain").wait(timeout=120)
    done = client.get(f"{LISTS[0]}/{item['id']}").json()
    assert (done["status"], done["composed_at"] is None) == ("completed", False), here.logs()
    with here.house.database.reading(EVERYONE) as work:
        assert len(work.generations.get_all().rows) == 1
    with here.house.database.reading(OWNER) as work:
        assert [row.used_count for row in work.prompts.get_all().rows] == [1]
