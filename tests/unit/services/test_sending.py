"""What the sender does with an answer, and with none."""

import json
import time
from datetime import timedelta

import pytest

from receiver import receiver
from tenuto import errors
from tenuto.client import verify_webhook
from tenuto.db.models import now
from tenuto.db.work import EVERYONE
from tenuto.domain.webhooks import GIVE_UP_AFTER
from tenuto.outside.calls import Caller
from tenuto.outside.urls import read_networks
from tenuto.services.sending import LANES, Sender
from tenuto.services.webhooks import WebhookChange, WebhookService

CALLER = Caller(read_networks(["127.0.0.1"], "TEST"), timeout_seconds=1)
OWNER = 1


@pytest.fixture
def webhooks(sqlite_database):
    return WebhookService(sqlite_database, CALLER)


@pytest.fixture
def make_sender(sqlite_database):
    made = []

    def make(delays=(0.001,) * 7, caller=CALLER):
        made.append(Sender(sqlite_database, caller, delays))
        return made[-1]

    yield make
    for sender in made:
        sender._stop.set()
        sender._lanes.shutdown(wait=True)


def only(webhooks, webhook):
    return webhooks.deliveries(OWNER, webhook.uid).rows[0]


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_arrives_is_signed_and_settled(webhooks, make_sender):
    with receiver() as there:
        webhook = webhooks.create(OWNER, there.url)
        sent = webhooks.test(OWNER, webhook.uid)
        assert make_sender().send_next(webhook.id)
    call = there.calls[0]
    assert verify_webhook(call.headers, call.body, webhook.secret) == sent.payload
    assert (call.headers["Tenuto-Delivery"], call.headers["Tenuto-Event"]) == (sent.uid, "webhook.test")
    row = only(webhooks, webhook)
    assert (row.status, row.attempts, row.response_status, row.error) == ("delivered", 1, 200, "")


def test_what_is_not_taken_is_tried_again_and_given_up(webhooks, make_sender):
    with receiver(answer=500) as there:
        webhook = webhooks.create(OWNER, there.url)
        webhooks.test(OWNER, webhook.uid)
        sender = make_sender()
        wait_until(lambda: sender.send_next(webhook.id) or only(webhooks, webhook).status == "failed")
        assert [call.headers["Tenuto-Attempt"] for call in there.calls] == [str(number) for number in range(1, 9)]
        assert len({call.body for call in there.calls}) == 1
        row = only(webhooks, webhook)
        assert (row.attempts, row.response_status, row.error) == (8, 500, "The receiver answered 500.")
        there.answer = 204
        again = webhooks.retry(OWNER, webhook.uid, row.uid)
        assert (again.status, again.attempts) == ("waiting", 0)
        assert sender.send_next(webhook.id)
    assert only(webhooks, webhook).status == "delivered"
    assert webhooks.get(OWNER, webhook.uid).failures == 0


def test_a_failure_lets_the_receiver_rest(webhooks, make_sender):
    with receiver(answer=503) as there:
        webhook = webhooks.create(OWNER, there.url)
        for _ in range(3):
            webhooks.test(OWNER, webhook.uid)
        sender = make_sender(delays=(60,) * 7)
        assert not sender.send_next(webhook.id)
        assert not sender.send_next(webhook.id)
        assert len(there.calls) == 1
        assert webhooks.get(OWNER, webhook.uid).paused_until > now() + timedelta(seconds=40)


def test_one_that_never_answers_is_switched_off_and_can_be_switched_on(webhooks, make_sender):
    with receiver(answer=500) as there:
        webhook = webhooks.create(OWNER, there.url)
        for _ in range(GIVE_UP_AFTER):
            webhooks.test(OWNER, webhook.uid)
        sender = make_sender()
        wait_until(lambda: sender.send_next(webhook.id) or not webhooks.get(OWNER, webhook.uid).is_active)
        reason = webhooks.get(OWNER, webhook.uid).disabled_reason
        assert f"failed {GIVE_UP_AFTER} times in a row" in reason
        assert "answered 500" in reason
        calls = len(there.calls)
        assert calls == GIVE_UP_AFTER
        with pytest.raises(errors.ConflictError):
            webhooks.test(OWNER, webhook.uid)
        there.answer = 200
        changed = webhooks.change(OWNER, webhook.uid, WebhookChange(is_active=True))
        assert (changed.failures, changed.disabled_reason) == (0, "")
        wait_until(lambda: not sender.send_next(webhook.id) and len(there.calls) > calls)


def test_one_that_is_gone_for_good_is_switched_off_at_once(webhooks, make_sender):
    with receiver(answer=410) as there:
        webhook = webhooks.create(OWNER, there.url)
        webhooks.test(OWNER, webhook.uid)
        assert not make_sender().send_next(webhook.id)
    assert "410 Gone" in webhooks.get(OWNER, webhook.uid).disabled_reason


def test_what_a_receiver_says_is_never_shown(webhooks, make_sender):
    def secretive(handler):
        handler.send_response(500, "planted reason")
        handler.end_headers()
        handler.wfile.write(b"planted body")

    with receiver(secretive) as there:
        webhook = webhooks.create(OWNER, there.url)
        webhooks.test(OWNER, webhook.uid)
        make_sender().send_next(webhook.id)
    row = only(webhooks, webhook)
    assert "planted" not in row.error + json.dumps(row.payload)


def test_a_redirect_is_told_and_not_followed(webhooks, make_sender):
    with receiver(answer=302) as there:
        webhook = webhooks.create(OWNER, there.url)
        webhooks.test(OWNER, webhook.uid)
        make_sender().send_next(webhook.id)
    assert "redirect" in only(webhooks, webhook).error


def test_after_a_rotation_old_and_new_secret_verify_until_the_old_ones_time(webhooks, make_sender):
    with receiver() as there:
        webhook = webhooks.create(OWNER, there.url)
        rotated = webhooks.rotate(OWNER, webhook.uid)
        assert rotated.secret != webhook.secret
        webhooks.test(OWNER, webhook.uid)
        sender = make_sender()
        sender.send_next(webhook.id)
        for secret in (webhook.secret, rotated.secret):
            verify_webhook(there.calls[0].headers, there.calls[0].body, secret)
        webhooks.rotate(OWNER, webhook.uid, keep_old_hours=0)
        webhooks.test(OWNER, webhook.uid)
        sender.send_next(webhook.id)
        with pytest.raises(errors.AccessDenied):
            verify_webhook(there.calls[1].headers, there.calls[1].body, rotated.secret)


def test_a_name_that_moves_inside_is_refused_when_it_is_sent_to(webhooks, make_sender):
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    moving = Caller(resolve=lambda *_: answers.pop(0), timeout_seconds=1)
    webhooks.caller = moving
    with receiver() as canary:
        webhook = webhooks.create(OWNER, f"http://moving.example:{canary.port}/")
        webhooks.test(OWNER, webhook.uid)
        assert not make_sender(caller=moving).send_next(webhook.id)
    assert canary.calls == []
    assert "private" in only(webhooks, webhook).error


def test_slow_and_endless_receivers_hold_up_nobody_else(webhooks, make_sender):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65_536)

    with receiver(lambda _: time.sleep(30)) as silent, receiver(endless) as flood, receiver() as there:
        for url in [silent.url] * (LANES + 4) + [flood.url] * 2:
            webhook = webhooks.create(OWNER, url)
            for _ in range(3):
                webhooks.test(OWNER, webhook.uid)
        good = webhooks.create(OWNER, there.url)
        for _ in range(20):
            webhooks.test(OWNER, good.uid)
        started = time.monotonic()
        sender = make_sender(delays=(30.0,) * 7)
        sender.start()
        wait_until(lambda: len(there.calls) == 20)
        assert time.monotonic() - started < 6  # two lanes' worth of patience, and some room
        sender.stop(10)


def test_a_webhook_deleted_while_it_is_called_leaves_nothing(webhooks, make_sender, sqlite_database):
    with receiver() as there:
        webhook = webhooks.create(OWNER, there.url)
        webhooks.test(OWNER, webhook.uid)
        there.answer = lambda handler: (webhooks.delete(OWNER, webhook.uid), handler.send_error(500))
        assert not make_sender().send_next(webhook.id)
    with sqlite_database.reading(EVERYONE) as work:
        assert work.webhooks.count() == 0


def test_no_log_line_holds_a_secret_or_an_address(webhooks, make_sender, caplog):
    caplog.set_level("DEBUG")
    with receiver(answer=500) as there:
        webhook = webhooks.create(OWNER, there.url + "?token=planted")
        webhooks.test(OWNER, webhook.uid)
        make_sender().send_next(webhook.id)
    told = " ".join(str(vars(record)) for record in caplog.records)
    assert webhook.uid in told
    assert webhook.secret not in told
    assert "planted" not in told


def test_a_sender_that_has_not_begun_can_be_stopped(make_sender):
    make_sender().stop(grace_seconds=60)
