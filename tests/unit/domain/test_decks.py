"""Decks survive the way through JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.decks import Deck, Slide, from_json, to_json

SLIDES = st.builds(
    Slide,
    number=st.integers(1),
    title=st.text(),
    notes=st.text(),
    text=st.text(),
    hidden=st.booleans(),
    section=st.text(),
)


@given(st.builds(Deck, st.lists(SLIDES).map(tuple), title=st.text(), warnings=st.lists(st.text()).map(tuple)))
def test_a_deck_written_as_json_reads_as_the_same(deck):
    assert from_json(json.loads(json.dumps(to_json(deck)))) == deck
