"""Generated music by HTTP: asked for, found, asked for again, deleted."""

import pytest

from databases import OWNER
from tenuto.domain.generations import seed_of_prompt
from unit.db.music import composed

LOUD = ("loudness_lufs", "true_peak_db")


@pytest.fixture
def ask(client):
    """Ask for music; what was accepted."""

    def send(address="/api/generations", headers=None, **body):
        answer = client.post(address, json=body, headers=headers or {})
        assert answer.status_code == 202, answer.text
        return answer.json()["items"]

    return send


@pytest.fixture
def compose(house):
    """What a worker leaves of a piece."""

    def end(item, **document):
        with house.database.unit_of_work(OWNER) as work:
            composed(work, work.generations.view(item["id"]), **document)

    return end


def used(client):
    return {item["text"]: item["used_count"] for item in client.get("/api/prompts").json()["items"]}


def found(client, **params):
    answer = client.get("/api/generations", params=params)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_music_is_asked_for_shown_and_deleted(client, ask, compose):
    (item,) = ask(prompt="jazz  at 90", seconds=8, format="flac", title="Blue")
    assert (item["status"], item["prompt"], item["format"], item["seed"]) == ("queued", "jazz  at 90", "flac", None)
    assert (item["job"]["options"]["seconds"], item["job"]["file_name"], item["music_url"]) == (8, "Blue", None)
    address = f"/api/generations/{item['id']}"
    assert client.get(address).json() == item
    assert client.delete(address).status_code == 409
    compose(item)
    done = client.get(address).json()
    assert (done["status"], done["job"]["status"], done["measured_bpm"]) == ("completed", "completed", 120.4)
    assert done["music_url"] == f"/api/jobs/{item['job']['id']}/artifacts/music.flac"
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == client.get(f"/api/jobs/{item['job']['id']}").status_code == 404
    assert used(client) == {"jazz at 90": 1}  # It was used, whatever became of it.


def test_takes_are_seeds_that_differ_and_begin_with_the_prompts_own(client, ask):
    items = ask(prompt="jazz", takes=4)
    seeds = [item["seed"] for item in items]
    assert seeds[0] == seed_of_prompt("jazz")
    assert len(set(seeds)) == 4
    assert [item["take"] for item in items] == [1, 2, 3, 4]
    assert [item["job"]["options"]["seed"] for item in items] == seeds
    assert ask(prompt="jazz", takes=2, seed="7")[0]["seed"] == 7
    assert used(client) == {"jazz": 6}


def test_several_prompts_are_accepted_together(client, ask):
    items = ask(prompts=["jazz", "pop", " jazz"], takes=2, options={"seconds": 4}, midi=True)
    assert [item["prompt"] for item in items] == ["jazz", "jazz", "pop", "pop", " jazz", " jazz"]
    assert all(item["job"]["options"]["midi"] and item["job"]["options"]["seconds"] == 4 for item in items)
    assert used(client) == {"jazz": 4, "pop": 2}
    listed = client.get("/api/generations").json()
    assert (listed["counts"], listed["items"]) == ({"queued": 6}, items[::-1])


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "prompt", "either a prompt or a list"),
        ({"prompt": "a", "prompts": ["b"]}, "prompt", "either a prompt or a list"),
        ({"prompts": []}, "prompt", "either a prompt or a list"),
        ({"prompt": " "}, "prompt", "no prompt"),
        ({"prompts": ["jazz", "x" * 2001]}, "prompts", "Prompt 2 of 2: A prompt has at most 2,000"),
        ({"prompts": ["jazz"] * 26, "takes": 4}, "prompts", "26 prompts in 4 takes each are 104 pieces"),
        ({"prompt": "jazz", "takes": 101}, "takes", "less than or equal to 100"),
        ({"prompt": "jazz", "takes": 0}, "takes", "greater than or equal to 1"),
        ({"prompt": "jazz", "secunds": 8}, None, "Unknown option 'secunds'"),
        ({"prompt": "jazz", "seconds": 0}, "seconds", "seconds must be"),
        ({"prompt": "jazz", "seed": 1 << 32}, "seed", "a number from 0 to 4294967295."),
        ({"prompt": "a\x07b"}, "prompt", "no text"),
        ({"prompt": "a", "options": {"seconds": 3}, "seconds": 1}, "seconds", "'seconds' stands beside options and in"),
        ({"prompt": "a", "options": {"prompt": "b"}}, "options.prompt", "beside options, not in it"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_of_it_is_accepted(client, body, field, words):
    refused = client.post("/api/generations", json=body)
    told = refused.json()
    assert refused.status_code == 422, refused.text
    assert [each["field"] for each in told.get("errors", [])] == ([field] if field else [])
    assert words in str(told)
    assert found(client) == []
    assert used(client) == {}


def test_an_engine_that_is_not_on_offer_is_refused(client):
    refused = client.post("/api/generations", json={"prompts": ["jazz", "pop"], "engine": "nobody"})
    assert (refused.status_code, "nobody" in refused.json()["detail"]) == (422, True)
    assert client.get("/api/jobs").json()["items"] == []


def test_the_same_request_again_is_the_same_music_and_counts_once(client, ask):
    key = {"Idempotency-Key": "k1"}
    first = ask(prompts=["jazz", "pop"], takes=2, headers=key)
    assert ask(prompts=["jazz", "pop"], takes=2, headers=key) == first
    assert used(client) == {"jazz": 2, "pop": 2}
    for body in ({"prompts": ["jazz", "pop"]}, {"prompts": ["jazz", "rock"], "takes": 2}, {"prompt": "jazz"}):
        assert client.post("/api/generations", json=body, headers=key).status_code == 409
    assert client.post("/api/jobs", json={"kind": "compose", "prompt": "jazz"}, headers=key).status_code == 409
    assert used(client) == {"jazz": 2, "pop": 2}
    client.post(f"/api/jobs/{first[1]['job']['id']}/cancel")
    client.delete(f"/api/generations/{first[1]['id']}")
    assert [item["id"] for item in ask(prompts=["jazz", "pop"], takes=2, headers=key)] == [
        item["id"] for item in first if item is not first[1]
    ]


def test_a_job_that_composes_is_in_the_ledger_whichever_door_it_took(client, ask):
    key = {"Idempotency-Key": "k2"}
    wish = {"kind": "compose", "prompt": "jazz", "options": {"seed": 7}}
    job = client.post("/api/jobs", json=wish, headers=key).json()
    assert client.post("/api/jobs", json=wish, headers=key).json()["id"] == job["id"]
    (item,) = client.get("/api/generations").json()["items"]
    assert (item["job"]["id"], item["seed"], item["take"]) == (job["id"], 7, 1)
    assert used(client) == {"jazz": 1}


def test_more_like_this_keeps_the_seed_and_the_settings(client, ask, compose):
    (first,) = ask(prompt="jazz", seconds=8, format="flac")
    compose(first, seed=99, engine="composer")
    address = f"/api/generations/{first['id']}/again"
    (same,) = ask(address)
    assert (same["prompt"], same["seed"], same["parent_id"]) == ("jazz", 99, first["id"])
    options = first["job"]["options"]
    assert same["job"]["options"] == options | {"seed": 99, "engine": "composer"}
    (other,) = ask(address, prompt="faster jazz", seconds=20)
    assert (other["prompt"], other["seed"], other["job"]["file_name"]) == ("faster jazz", 99, "faster jazz")
    assert (other["job"]["options"]["seconds"], other["format"]) == (20, "flac")
    (named,) = ask(address, seed=5)
    assert named["seed"] == 5
    assert found(client, like=first["id"]) == [named["id"], other["id"], same["id"]]


def test_variations_have_other_seeds_and_more_of_them_have_others_still(client, ask, compose):
    (first,) = ask(prompt="jazz")
    compose(first, seed=99, engine="composer")
    address = f"/api/generations/{first['id']}/again"
    key = {"Idempotency-Key": "k3"}
    some = ask(address, takes=3, headers=key)
    more = ask(address, takes=3)
    assert ask(address, takes=3, headers=key) == some
    seeds = [item["seed"] for item in (*some, *more)]
    assert len({*seeds, 99}) == 7
    (one,) = ask(address, takes=1)
    assert one["seed"] not in (*seeds, 99)
    assert ask(address, takes=2, seed=5)[0]["seed"] == 5


def test_what_is_not_composed_yet_has_variations_too(client, ask):
    (first,) = ask(prompt="jazz", title="Mine")
    address = f"/api/generations/{first['id']}/again"
    (same,) = ask(address)
    assert (same["seed"], same["job"]["options"]) == (None, first["job"]["options"])
    seeds = [item["seed"] for item in ask(address, takes=2, prompt="pop")]
    assert len({*seeds, seed_of_prompt("pop")}) == 3
    assert client.post(address, json={"prompts": ["a", "b"]}).status_code == 422


def test_music_is_found_by_status_words_engine_tempo_key_and_time(client, ask, compose):
    (jazz,), (techno,) = ask(prompt="slow jazz"), ask(prompt="dark techno")
    compose(techno, engine="composer", measured={"tempo_bpm": 140, "key": "C# minor"} | dict.fromkeys(LOUD))
    for params in (
        {"status": "completed"},
        {"q": "tech"},
        {"engine": "composer"},
        {"bpm_from": 139, "bpm_to": 141},
        {"key": "db minor"},
        {"prompt_id": techno["prompt_id"]},
        {"status": "completed", "since": techno["created_at"]},
    ):
        assert found(client, **params) == [techno["id"]], params
    assert found(client, status="queued") == [jazz["id"]]
    assert found(client, since="2100-01-01T00:00:00Z") == []
    for params in ({"key": "loud"}, {"since": "2026-01-01"}, {"status": "resting"}, {"bpm_from": -1}):
        assert client.get("/api/generations", params=params).status_code == 422, params


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_has_no_date_in_utc_is_refused(client, since):
    refused = client.get("/api/generations", params={"since": since})
    assert (refused.status_code, "years 1 to 9999" in refused.json()["detail"]) == (422, True)


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59+14:00"])
def test_a_moment_at_the_ends_of_time_is_taken(client, ask, since):
    (item,) = ask(prompt="jazz")
    assert found(client, since=since) == ([item["id"]] if since < "2" else [])


def test_a_prompt_inside_the_options_is_refused_where_more_of_a_piece_is_asked_for(client, ask):
    (first,) = ask(prompt="jazz")
    refused = client.post(f"/api/generations/{first['id']}/again", json={"options": {"prompt": "pop"}})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "options.prompt")


def test_a_prompt_goes_once_no_music_of_it_is_there(client, ask):
    items = ask(prompt="slow jazz", takes=2, hold=True)
    address = f"/api/prompts/{items[0]['prompt_id']}"
    for left, words in ((2, "2 pieces"), (1, "a piece")):
        refused = client.delete(address)
        assert (refused.status_code, refused.json()["detail"]) == (
            409,
            f"The prompt has {words} of music; delete that first.",
        )
        client.post(f"/api/jobs/{items[left - 1]['job']['id']}/cancel")
        assert client.delete(f"/api/generations/{items[left - 1]['id']}").status_code == 204
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 404
    assert client.get("/api/prompts", params={"q": "jazz"}).json()["items"] == []
    (new,) = ask(prompt="slow jazz")
    assert (new["prompt_id"] in address, used(client)) == (False, {"slow jazz": 1})


def test_prompts_come_by_age_or_by_use(client, ask):
    for prompts in (["jazz", "pop"], ["jazz"], ["slow jazz"]):
        ask(prompts=prompts)

    def texts(**params):
        return [item["text"] for item in client.get("/api/prompts", params=params).json()["items"]]

    assert texts() == ["slow jazz", "pop", "jazz"]
    assert texts(order="used") == ["jazz", "slow jazz", "pop"]
    assert texts(q="jaz", order="used") == ["jazz", "slow jazz"]
    first = client.get("/api/prompts", params={"order": "used", "limit": 2}).json()
    rest = client.get("/api/prompts", params={"order": "used", "cursor": first["next_cursor"]}).json()
    assert ([item["text"] for item in rest["items"]], rest["next_cursor"]) == (["pop"], None)
    assert client.get("/api/prompts", params={"order": "best"}).status_code == 422
