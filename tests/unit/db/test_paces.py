"""Calls of an engine are spaced, whoever makes them."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenuto.db.work import EVERYONE


def take(database, engine, moment, interval=0.5):
    with database.unit_of_work(EVERYONE) as work:
        return work.paces.take(engine, interval_seconds=interval, moment=moment)


def test_many_at_once_get_moments_that_are_an_interval_apart(database):
    with ThreadPoolExecutor(8) as pool:
        given_away = sorted(pool.map(lambda _: take(database, "openai", 100.0), range(24)))
    assert given_away == [pytest.approx(100.0 + 0.5 * number) for number in range(24)]


def test_engines_do_not_wait_for_each_other(database):
    assert take(database, "openai", 5.0) == take(database, "yandex", 5.0) == 5.0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(gaps=st.lists(st.floats(0, 3), min_size=1, max_size=12), start=st.floats(1e6, 2e6))
def test_no_call_is_early_and_none_waits_without_need(database, gaps, start):
    engine, moment, given_away = uuid.uuid4().hex, start, []
    for gap in gaps:
        moment += gap
        given_away.append((moment, take(database, engine, moment)))
    taken = [when for _, when in given_away]
    assert all(later - earlier >= 0.5 - 1e-6 for earlier, later in pairwise(taken))
    assert all(when >= asked - 1e-6 for asked, when in given_away)
    assert taken[0] == pytest.approx(given_away[0][0])
