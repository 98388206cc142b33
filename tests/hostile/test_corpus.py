"""The corpus itself: large enough, the same each time, and covering what it says."""

import pytest

from hostile import encode
from hostile.corpus import CASES

ATTACKS = {number for number in range(1, 39) if number not in (28, 29, 30, 31)}


def test_there_are_at_least_two_hundred_files():
    assert len(CASES) >= 200
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_attack_on_recordings_has_a_file():
    assert {case.attack for case in CASES} == ATTACKS


def test_some_good_files_are_among_them():
    assert sum(case.expect == "good" for case in CASES) >= 42


@pytest.mark.slow
def test_the_files_are_small_and_the_same_each_time(corpus, watch, tmp_path):
    assert sum(path.stat().st_size for path in corpus.values()) < 200 << 20
    encode.encode.cache_clear()
    for case in CASES:
        again = tmp_path / "again"
        case.make(again, watch.canary)
        assert again.read_bytes() == corpus[case.name].read_bytes(), case.name
