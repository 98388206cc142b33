"""`tenuto webhooks`, on the ledger of this machine."""

import pytest

URL = "http://127.0.0.1:8123/hook"


@pytest.fixture(autouse=True)
def _loopback_is_allowed(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_WEBHOOK_ALLOW", '["127.0.0.1"]')


@pytest.fixture
def webhook(ledger, cli):
    return cli("webhooks", "add", URL, "--event", "job.failed", "--event", "job.completed", "--json").json


def test_its_secret_is_shown_once(cli, webhook):
    assert webhook["secret"].startswith("whsec_")
    for command in (("show", webhook["id"]), ("show", webhook["id"], "--json"), ("list", "--json"), ("list",)):
        told = cli("webhooks", *command)
        assert told.code == 0
        assert webhook["secret"] not in told.out + told.err
    rotated = cli("webhooks", "rotate", webhook["id"])
    assert "whsec_" in rotated.out
    assert webhook["secret"] not in rotated.out


def test_it_is_listed_changed_and_deleted(cli, webhook):
    assert URL in cli("webhooks", "list").out
    changed = cli("webhooks", "edit", webhook["id"], "--off", "--event", "job.started", "--json").json
    assert (changed["is_active"], changed["events"]) == (False, ["job.started"])
    assert "off" in cli("webhooks", "show", webhook["id"]).out
    assert cli("webhooks", "test", webhook["id"]).code == 1
    assert cli("webhooks", "edit", webhook["id"], "--on").code == 0
    assert cli("webhooks", "delete", webhook["id"], "--json").json == {"deleted": [webhook["id"]]}
    assert cli("webhooks", "show", webhook["id"]).code == 3


def test_what_is_sent_to_it_is_listed_and_can_be_sent_again(cli, webhook):
    sent = cli("webhooks", "test", webhook["id"], "--json").json
    assert sent["status"] == "waiting"
    assert sent["id"] in cli("webhooks", "deliveries", webhook["id"]).out
    assert cli("webhooks", "retry", webhook["id"], sent["id"], "--json").json["id"] == sent["id"]
    page = cli("webhooks", "deliveries", webhook["id"], "--json", "--limit", "1").json
    assert [item["event"] for item in page["items"]] == ["webhook.test"]


def test_an_address_inside_is_refused(cli, ledger):
    told = cli("webhooks", "add", "http://169.254.169.254/latest/meta-data/")
    assert told.code == 3
    assert "private or reserved" in told.err


@pytest.mark.parametrize("typed", ["..", "a/b", "?x=1", " "])
def test_an_id_that_cannot_be_one_is_not_found(cli, ledger, typed):
    assert cli("webhooks", "show", typed).code == 3
