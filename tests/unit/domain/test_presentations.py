"""What of a deck is shown and said, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.presentations import (
    INCLUDE,
    SILENCE,
    SKIP,
    TEXT,
    Presentation,
    PresentedSlide,
    check_order,
    from_json,
    to_json,
)


@pytest.mark.parametrize(
    ("hidden", "skipped", "wish", "shown"),
    [
        (False, None, SKIP, True),
        (True, None, SKIP, False),
        (True, None, INCLUDE, True),
        (True, False, SKIP, True),
        (False, True, INCLUDE, False),
    ],
)
def test_what_somebody_chose_goes_before_what_the_deck_hides(hidden, skipped, wish, shown):
    assert PresentedSlide(1, hidden=hidden, skipped=skipped).is_shown(wish) is shown


def test_a_slide_without_notes_says_what_it_shows_or_nothing():
    bare = PresentedSlide(1, title="Plan", notes="  \n", text="One\nTwo")
    assert bare.script(TEXT) == "Plan\nOne\nTwo"
    assert bare.script(SILENCE).strip() == ""
    assert PresentedSlide(1, title="Plan", notes="Hear!").script(TEXT) == "Hear!"


@given(st.permutations(range(1, 8)))
def test_every_permutation_is_an_order(order):
    check_order(order, range(1, 8))


@given(st.lists(st.integers(1, 6), max_size=8).filter(lambda order: sorted(order) != [1, 2, 3, 4, 5]))
def test_nothing_else_is_an_order(order):
    with pytest.raises(errors.ValidationError, match="order"):
        check_order(order, range(1, 6))


def test_a_presentation_survives_json():
    slides = (PresentedSlide(2, "B", "n", "t", hidden=True, skipped=False, language="de", flaws=("f",)),)
    whole = Presentation("T", "A", 3, slides)
    assert from_json(to_json(whole)) == whole
