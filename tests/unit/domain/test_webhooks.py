"""When a delivery is tried again, and what its signature is worth."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors, settings
from tenuto.client import verify_webhook
from tenuto.domain.webhooks import FINAL, LONGEST_PAUSE_SECONDS, next_delay, pause, sign, wants

DELAYS = settings.Settings.model_fields["webhook_retry_seconds"].default
chances = st.floats(0, 1, exclude_max=True)
BODY = json.dumps({"event": "job.completed", "text": "é"}).encode()


def headers(*secrets, body=BODY, age=0):
    return {"tenuto-signature": sign(body, int(time.time()) - age, secrets)}


@given(st.integers(1, 20), chances)
def test_delays_grow_and_end_after_eight_attempts(attempts, chance):
    delay = next_delay(attempts, DELAYS, chance)
    assert (delay is None) == (attempts >= 8)
    if delay is not None:
        assert 0.8 * DELAYS[attempts - 1] <= delay <= 1.2 * DELAYS[attempts - 1]


def test_all_attempts_together_take_most_of_a_day():
    assert 18 * 3600 < sum(next_delay(attempt, DELAYS, 0.5) for attempt in range(1, 8)) < 26 * 3600


@given(st.integers(1, 1000), chances)
def test_a_receiver_that_is_back_waits_half_an_hour_at_most(failures, chance):
    assert 0 < pause(failures, DELAYS, chance) <= 1.2 * LONGEST_PAUSE_SECONDS


def test_a_webhook_that_names_no_event_hears_how_jobs_end():
    assert all(wants([], event) for event in FINAL)
    assert not wants([], "job.started")
    assert wants(["job.started"], "job.started")
    assert not wants(["job.started"], "job.completed")


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40))
def test_what_is_signed_verifies_with_its_secret_alone(junk, secret):
    body = json.dumps({"junk": junk.hex()}).encode()
    assert verify_webhook(headers(secret, body=body), body, secret)["junk"] == junk.hex()
    with pytest.raises(errors.AccessDenied):
        verify_webhook(headers(secret, body=body), body, secret + "x")


def test_while_a_secret_changes_both_verify():
    assert verify_webhook(headers("new", "old"), BODY, "old") == verify_webhook(headers("new", "old"), BODY, "new")


@pytest.mark.parametrize("age", [-301, 301, 10**6])
def test_an_old_call_is_refused(age):
    with pytest.raises(errors.AccessDenied, match="older"):
        verify_webhook(headers("s", age=age), BODY, "s")
    assert verify_webhook(headers("s", age=age), BODY, "s", tolerance_seconds=10**7)


def test_a_changed_body_or_time_is_refused():
    given_headers = headers("s")
    with pytest.raises(errors.AccessDenied, match="not of this secret"):
        verify_webhook(given_headers, BODY + b" ", "s")
    moved = given_headers["tenuto-signature"].replace("t=", "t=1", 1)
    with pytest.raises(errors.AccessDenied, match="not of this secret"):
        verify_webhook({"Tenuto-Signature": moved}, BODY, "s")


@pytest.mark.parametrize("header", ["", "v1=00", "t=,v1=00", "t=1,t=2,v1=0", "t=\uff11,v1=0", "t=x,v1=é", "nonsense"])
def test_a_header_that_cannot_be_read_is_refused(header):
    with pytest.raises(errors.AccessDenied):
        verify_webhook({"Tenuto-Signature": header}, BODY, "s")
