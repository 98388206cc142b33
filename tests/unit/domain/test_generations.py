"""What the ledger reads of prompts and of what was composed."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.generations import (
    SEEDS,
    facts_of,
    key_called,
    one_line,
    other_seeds,
    seed_of_prompt,
    text_hash,
)
from tenuto.engines.composer.prompt import seed_of
from unit.db.music import DOCUMENT


@given(st.text(max_size=200))
def test_a_prompt_is_the_same_with_other_white_space(text):
    assert text_hash(text) == text_hash(f" {text}\n") == text_hash(one_line(text))
    assert seed_of_prompt(text) == seed_of(text)


@given(st.integers(0, SEEDS - 1), st.sets(st.integers(0, SEEDS - 1), max_size=5))
def test_other_seeds_differ_and_are_the_same_each_time(seed, used):
    found = list(islice(other_seeds(seed, used), 20))
    assert len(set(found) - used - {seed}) == 20
    assert all(0 <= other < SEEDS for other in found)
    assert found == list(islice(other_seeds(seed, used), 20))
    fresh = list(islice(other_seeds(seed), 5))
    assert list(islice(other_seeds(seed, fresh[:2]), 3)) == fresh[2:]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("in f# minor", "F# minor"),
        ("b flat major", "Bb major"),
        ("Ebm", "Eb minor"),
        ("am", "A minor"),
        ("in a key of D major", "D major"),
        ("c sharp min", "C# minor"),
        ("db major", "C# major"),
        ("G flat minor", "F# minor"),
        ("cb major", "B major"),
        ("e♯ minor", "F minor"),
    ],
)
def test_a_key_is_looked_for_by_any_of_its_names(words, key):
    assert key_called(words) == key


@pytest.mark.parametrize("words", ["D", "loud", ""])
def test_what_is_no_key_is_not_looked_for(words):
    with pytest.raises(errors.ValidationError, match="is no key"):
        key_called(words)


def test_what_has_a_column_is_not_kept_twice():
    facts = facts_of(DOCUMENT)
    assert facts.columns["requested_bpm"] == facts.columns["composed_bpm"] == 120
    assert facts.columns["requested_key"] == "A minor"
    assert facts.columns["licence"] is None
    assert set(facts.details) == {"understood", "ignored", "composed", "measured"}


def test_what_was_asked_for_is_what_the_engine_understood():
    said = {"understood": {"tempo": "120-130 bpm", "key": "fis-moll"}}
    asked = facts_of(
        DOCUMENT | said | {"composed": DOCUMENT["composed"] | {"asked": {"bpm": 125.0, "key": "F# minor"}}}
    )
    assert (asked.columns["requested_bpm"], asked.columns["requested_key"]) == (125, "F# minor")
    nothing = facts_of(DOCUMENT | said | {"composed": {"bpm": None, "key": None}})
    assert (nothing.columns["requested_bpm"], nothing.columns["requested_key"]) == (None, None)


def test_the_licence_of_weights_is_kept():
    facts = facts_of(DOCUMENT | {"weights_licence": "CC-BY-NC-4.0"})
    assert facts.columns["licence"] == "CC-BY-NC-4.0"
    assert "weights_licence" not in facts.details
