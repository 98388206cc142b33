"""/api/webhooks: strict about addresses, silent about secrets."""

import pytest

from forbidden_urls import FORBIDDEN_URLS, resolve
from receiver import receiver
from tenuto.db.models import OwnerRow
from tenuto.outside.calls import Caller

URL = "https://good.example/hook?x=1"


@pytest.fixture
def house(make_house):
    house = make_house()
    house.webhooks.caller = Caller(resolve=resolve, timeout_seconds=2)
    return house


@pytest.fixture
def webhook(client):
    return client.post("/api/webhooks", json={"url": URL}).json()


def address(webhook, *rest):
    return "/".join(["/api/webhooks", webhook["id"], *rest])


def test_one_is_made_shown_changed_and_removed(client):
    made = client.post("/api/webhooks", json={"url": URL, "events": ["job.failed", "job.failed", "job.started"]})
    assert made.status_code == 201
    assert made.headers["Location"] == address(made.json())
    assert made.json()["events"] == ["job.started", "job.failed"]
    assert client.get(address(made.json())).json()["url"] == URL
    changed = client.patch(address(made.json()), json={"is_active": False, "events": []}).json()
    assert (changed["is_active"], changed["events"], changed["url"]) == (False, [], URL)
    assert client.delete(address(made.json())).status_code == 204
    assert client.get(address(made.json())).status_code == 404


def test_the_secret_is_told_at_birth_and_at_each_change_of_it(client, webhook):
    assert "secret" not in client.get(address(webhook)).json()
    assert webhook["secret"] not in client.get("/api/webhooks").text
    rotated = client.post(address(webhook, "rotate"), json={"keep_old_hours": 1}).json()
    assert rotated["secret"] not in ("", webhook["secret"])
    assert rotated["old_secret_until"] is not None
    assert client.post(address(webhook, "rotate")).status_code == 200


def test_no_form_of_an_inside_address_is_taken(client, webhook):
    with receiver() as canary:
        for form in FORBIDDEN_URLS:
            url = form.replace("{port}", str(canary.port))
            for answer in (
                client.post("/api/webhooks", json={"url": url}),
                client.patch(address(webhook), json={"url": url}),
            ):
                assert answer.status_code == 422, url
    assert canary.calls == []
    assert client.get("/api/webhooks").json()["items"][0]["url"] == URL


def test_lists_come_in_pages(client):
    made = [client.post("/api/webhooks", json={"url": URL}).json()["id"] for _ in range(3)]
    first = client.get("/api/webhooks", params={"limit": 2}).json()
    second = client.get("/api/webhooks", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]


def test_fifty_are_enough(client):
    for _ in range(50):
        assert client.post("/api/webhooks", json={"url": URL}).status_code == 201
    assert client.post("/api/webhooks", json={"url": URL}).status_code == 409


def test_what_became_of_a_job_stands_in_the_outbox(client, webhook, submitted):
    client.post(f"/api/jobs/{submitted['id']}/cancel")
    page = client.get(address(webhook, "deliveries"), params={"status": "waiting"}).json()
    assert [item["event"] for item in page["items"]] == ["job.cancelled"]
    told = page["items"][0]["payload"]["data"]["job"]
    assert (told["id"], told["status"], told["url"]) == (submitted["id"], "cancelled", f"/api/jobs/{submitted['id']}")
    assert "talk.wav" not in str(told)
    assert client.get(address(webhook, "deliveries"), params={"status": "failed"}).json()["items"] == []


def test_a_delivery_is_sent_again_when_asked(client, webhook):
    sent = client.post(address(webhook, "test"))
    assert sent.status_code == 202
    again = client.post(address(webhook, "deliveries", sent.json()["id"], "retry"))
    assert (again.status_code, again.json()["status"]) == (202, "waiting")
    other = client.post("/api/webhooks", json={"url": URL}).json()
    assert client.post(address(other, "deliveries", sent.json()["id"], "retry")).status_code == 404


def test_anothers_webhook_is_not_there(client, house):
    with house.database.unit_of_work(None) as work:
        stranger = OwnerRow(name="stranger")
        work.session.add(stranger)
        work.session.flush()
        stranger_id = stranger.id
    theirs = house.webhooks.create(stranger_id, URL)
    sent = house.webhooks.test(stranger_id, theirs.uid)
    at = f"/api/webhooks/{theirs.uid}"
    assert client.get("/api/webhooks").json()["items"] == []
    answers = [
        client.get(at),
        client.patch(at, json={"is_active": False}),
        client.delete(at),
        client.post(f"{at}/rotate"),
        client.post(f"{at}/test"),
        client.get(f"{at}/deliveries"),
        client.post(f"{at}/deliveries/{sent.uid}/retry"),
    ]
    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"url": 1},
        {"url": URL, "x": 1},
        {"url": URL, "events": ["job.exploded"]},
        {"url": URL, "events": "job.failed"},
    ],
)
def test_a_request_of_another_shape_is_refused(client, wrong):
    assert client.post("/api/webhooks", json=wrong).status_code == 422
