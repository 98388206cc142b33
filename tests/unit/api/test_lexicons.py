"""Lexicons by HTTP."""

import pytest

RULE = {"pattern": "teh", "replacement": "the", "kind": "word", "match_case": False, "is_active": True}


@pytest.fixture
def lexicon(client):
    return client.post(
        "/api/lexicons", json={"name": "Names", "rules": [{"pattern": "teh", "replacement": "the"}]}
    ).json()


@pytest.fixture
def address(lexicon):
    return f"/api/lexicons/{lexicon['id']}"


def test_a_lexicon_is_made_shown_changed_and_deleted(client, lexicon, address):
    assert (lexicon["name"], lexicon["rule_count"]) == ("Names", 1)
    assert client.get(address).json() == lexicon
    assert client.get("/api/lexicons").json()["items"] == [lexicon]
    assert client.get("/api/lexicons", params={"name": "Other"}).json()["items"] == []
    changed = client.patch(address, json={"description": "people"}).json()
    assert (changed["name"], changed["description"]) == ("Names", "people")
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_rules_are_put_and_added(client, address):
    assert client.post(f"{address}/rules", json={"rules": [RULE]}).json()["rule_count"] == 2
    assert client.put(f"{address}/rules", json={"rules": [RULE]}).json()["rule_count"] == 1
    assert client.get(f"{address}/rules").json()["items"] == [{"position": 0, **RULE}]


def test_a_table_comes_and_goes(client, address):
    table = client.get(f"{address}/csv")
    assert table.headers["content-disposition"].startswith('attachment; filename="Names.csv"')
    assert b'"teh","the","word","false","true"' in table.content
    put = client.put(f"{address}/csv", content="teh;the\nadn;and", headers={"content-type": "text/csv"})
    assert put.json()["rule_count"] == 2
    refused = client.put(f"{address}/csv", content="a,b\n(,b,regex\n")
    assert (refused.status_code, refused.json()["detail"][:6]) == (422, "Rule 2")


def test_rules_are_tried(client, address):
    found = client.post(f"{address}/try", json={"text": "Teh end"}).json()
    assert found == {"text": "The end", "changes": [{"start": 0, "old": "Teh", "new": "The", "rule": 0}]}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": ""},
        {"name": 7},
        {"name": "a", "colour": "red"},
        {"name": "a", "rules": [{"pattern": "a"}]},
        {"name": "a", "rules": [{**RULE, "kind": "glob"}]},
        {"name": "a", "rules": [{**RULE, "pattern": "x" * 201}]},
        {"name": "a", "rules": [{**RULE, "pattern": "(", "kind": "regex"}]},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(client, given):
    assert client.post("/api/lexicons", json=given).status_code == 422


def test_a_name_twice_is_a_conflict(client, lexicon):
    answer = client.post("/api/lexicons", json={"name": "Names"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_job_names_its_lexicon_by_id_or_by_name(client, recording, lexicon, address):
    for wanted in ("Names", lexicon["id"]):
        form = {"engine": "fake", "lexicon_id": wanted}
        job = client.post("/api/jobs", files={"file": ("talk.wav", recording)}, data=form).json()
        assert job["options"]["lexicon_id"] == lexicon["id"]
    refused = client.delete(address)
    assert (refused.status_code, "still needs" in refused.json()["detail"]) == (409, True)


def test_a_job_with_an_unknown_lexicon_is_refused_at_once(client, recording):
    form = {"engine": "fake", "lexicon_id": "Nobody's"}
    answer = client.post("/api/jobs", files={"file": ("talk.wav", recording)}, data=form)
    assert (answer.status_code, "lexicon" in answer.json()["detail"]) == (404, True)
    assert client.get("/api/files").json()["items"] == []
