"""Every pair of statuses, every decision about a retry."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.jobs import FINISHED, TRANSITIONS, JobStatus, RetryPolicy, eta_seconds

UPLOADED, QUEUED, PROCESSING, COMPLETED, FAILED, CANCELLED = JobStatus
ALLOWED = {
    (UPLOADED, QUEUED),
    (UPLOADED, CANCELLED),
    (UPLOADED, FAILED),
    (QUEUED, PROCESSING),
    (QUEUED, CANCELLED),
    (QUEUED, FAILED),
    (PROCESSING, COMPLETED),
    (PROCESSING, FAILED),
    (PROCESSING, CANCELLED),
    (PROCESSING, QUEUED),
    (FAILED, QUEUED),
    (CANCELLED, QUEUED),
}
PAIRS = list(itertools.product(JobStatus, repeat=2))
EVERY_ERROR = list(errors.BY_CODE.values())
attempts = st.integers(1, 60)
policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 20),
    first_delay_seconds=st.floats(0.01, 60),
    factor=st.floats(1, 5),
    max_delay_seconds=st.floats(60, 600),
)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_status_goes_where_the_table_says_and_nowhere_else(old, new):
    assert old.can_transition_to(new) == ((old, new) in ALLOWED)
    if (old, new) in ALLOWED:
        assert old.to(new) is new
    else:
        with pytest.raises(errors.InvalidTransition, match=f"A job that is {old} cannot become {new}") as caught:
            old.to(new)
        assert caught.value.details == {"old": old, "new": new}


def test_the_table_names_every_status():
    assert set(TRANSITIONS) == set(JobStatus)


def test_what_is_finished_stays_so_unless_it_is_retried():
    assert {status for status in JobStatus if status.is_finished} == FINISHED == {COMPLETED, FAILED, CANCELLED}
    assert all(TRANSITIONS[status] <= {QUEUED} for status in FINISHED)


def test_every_unfinished_status_leads_to_every_end():
    def reachable(status, seen=frozenset()):
        return seen | {status} | {end for new in TRANSITIONS[status] - seen for end in reachable(new, seen | {status})}

    assert all(reachable(status) >= FINISHED for status in JobStatus if not status.is_finished)


@given(policies, attempts)
def test_a_passing_error_is_tried_again_a_bounded_number_of_times(policy, attempt):
    delay = policy.delay_seconds(errors.StorageError(), attempt)
    assert (delay is None) == (attempt >= policy.max_attempts)
    assert delay is None or 0 < delay <= policy.max_delay_seconds


@given(policies, attempts)
def test_the_wait_never_gets_shorter(policy, attempt):
    first, second = (policy.delay_seconds(errors.StorageError(), number) for number in (attempt, attempt + 1))
    assert first is None or second is None or second >= first


@given(policies, st.floats(0, 1e6) | st.integers(0, 10**6))
def test_a_service_that_asks_for_patience_gets_it_up_to_the_limit(policy, asked):
    delay = policy.delay_seconds(errors.EngineTimeout(retry_after_seconds=asked), 1)
    if policy.max_attempts > 1:
        assert delay == max(min(asked, policy.max_asked_seconds), policy.first_delay_seconds)


def test_an_empty_account_is_asked_again_only_after_a_long_wait():
    assert RetryPolicy().delay_seconds(errors.RemoteQuota(), 1) == RetryPolicy().max_delay_seconds
    assert RetryPolicy().delay_seconds(errors.RemoteQuota(retry_after_seconds=5), 1) == 5


@given(policies, st.sampled_from(["soon", None, [], float("nan")]))
def test_a_wait_that_makes_no_sense_is_passed_over(policy, asked):
    plain = policy.delay_seconds(errors.StorageError(), 1)
    assert policy.delay_seconds(errors.StorageError(retry_after_seconds=asked), 1) == plain


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: error.code)
def test_only_errors_that_pass_are_tried_again(error):
    assert (RetryPolicy().delay_seconds(error(), 1) is not None) == error.retryable


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OSError("disk")])
def test_an_error_that_is_not_ours_is_not_tried_again(error):
    assert RetryPolicy().delay_seconds(error, 1) is None


@given(st.floats(0, 100), st.floats(0, 100), st.floats(-10, 1e6))
def test_an_estimate_is_positive_or_absent(now, then, elapsed):
    left = eta_seconds(now, then, elapsed)
    known = now - then >= 1 and elapsed > 0 and now < 100
    assert (left is not None) == known
    assert left is None or left >= 0


@given(st.integers(0, 98), st.integers(1, 99), st.floats(1, 1e5))
def test_at_a_steady_pace_the_estimate_is_exact(then, gained, total):
    now = then + gained
    elapsed = total * gained / 100
    left = eta_seconds(now, then, elapsed)
    if now < 100:
        assert left == pytest.approx(total * (100 - now) / 100)
