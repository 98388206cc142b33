"""How many speak: what may be asked, in which words, and what a diarizer is told."""

import pytest

from tenuto import errors
from tenuto.pipelines.speakers import wishes
from tenuto.pipelines.transcribe_options import check


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("auto", "auto"),
        ("off", "off"),
        (3, 3),
        ("3", 3),
        ("2-4", {"min": 2, "max": 4}),
        ({"min": 2}, {"min": 2}),
        ({"max": 20}, {"max": 20}),
        ({"min": 4, "max": 4}, {"min": 4, "max": 4}),
    ],
)
def test_what_may_be_asked_is_kept_in_one_form(asked, kept):
    assert check({"speakers": asked})["speakers"] == kept
    assert check({"speakers": kept})["speakers"] == kept


NO_NUMBERS = (0, 21, -1, True, 2.0, None, "", "many", "0", "4-2", "1-21", "²", "1" * 400, [2])
NO_BOUNDS = ({}, {"min": 3, "max": 2}, {"least": 1}, {"min": "2"}, {"min": True}, {"min": 1, "max": None})


@pytest.mark.parametrize("asked", [*NO_NUMBERS, *NO_BOUNDS])
def test_anything_else_is_refused(asked):
    with pytest.raises(errors.ValidationError, match="bounds such as 2-4"):
        check({"speakers": asked})


def test_nobody_asked_means_auto_and_no_recognition():
    found = check({})
    assert (found["speakers"], found["recognise"]) == ("auto", False)


@pytest.mark.parametrize(
    ("asked", "told"),
    [("auto", (None, 1, 20)), (3, (3, 3, 3)), ({"min": 2}, (None, 2, 20)), ({"max": 4}, (None, 1, 4))],
)
def test_a_diarizer_is_told_what_was_asked(asked, told):
    found = wishes(asked)
    assert (found["number"], found["at_least"], found["at_most"]) == told
