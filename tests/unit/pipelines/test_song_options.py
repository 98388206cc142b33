"""What jobs on songs may be asked: from JSON or from the text of a form, with the same answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.lyrics import LyricLine
from tenuto.pipelines import backing, compose, narrate, separate
from tenuto.pipelines.align import doubts

CHECK = backing.PIPELINE.check_options
NUMBERS = {"semitones": (-12, 12), "tempo": (0.5, 2), "guide_db": (-60, 12)}


@given(st.sampled_from(sorted(NUMBERS)), st.floats())
def test_a_number_is_taken_within_its_bounds_and_nowhere_else(name, number):
    low, high = NUMBERS[name]
    for form in (number, repr(number)):
        if low <= number <= high:
            assert CHECK({name: form})[name] == number
        else:
            with pytest.raises(errors.ValidationError, match=f"{name} must be a number from"):
                CHECK({name: form})


def test_without_options_the_song_stays_as_it_is():
    assert CHECK({}) == {
        "engine": "auto",
        "stem": "instrumental",
        "format": "wav",
        "guide_db": None,
        "semitones": 0.0,
        "tempo": 1.0,
    }
    assert CHECK({"guide_db": ""})["guide_db"] is None
    assert separate.PIPELINE.check_options({"again": "true"})["again"] is True


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"stem": "drums"}, "stem must be one of"),
        ({"stem": "vocals", "guide_db": 0}, "guide_db goes with the instrumental"),
        ({"format": "midi"}, "format must be one of"),
        ({"tempo": True}, "tempo must be a number"),
        ({"semitones": [1]}, "semitones must be a number"),
        ({"engine": "e" * 200}, "engine must be a short text"),
        ({"speed": 1}, "Unknown option 'speed'; a backing track takes engine, stem"),
    ],
)
def test_what_makes_no_sense_is_named(options, complaint):
    with pytest.raises(errors.ValidationError, match=complaint):
        CHECK(options)


def test_doubtful_lines_are_named_and_counted():
    sure, unsure = LyricLine("sure", 0, 1, confidence=0.9), LyricLine("unsure", 0, 1, confidence=0.1)
    assert doubts([sure, LyricLine("")]) == ()
    assert (
        "of 5 lines are doubtful: line 2 ('unsure'), 3 ('unsure'), 5 ('unsure') and others."
        in doubts([sure, unsure, unsure, LyricLine(""), unsure, unsure])[0]
    )


@pytest.mark.parametrize("pipeline", [compose.PIPELINE, narrate.PIPELINE])
@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\udc80"])
def test_a_title_is_one_line_of_text(pipeline, sign):
    base = {"prompt": "a waltz"} if pipeline is compose.PIPELINE else {}
    assert pipeline.check_options({**base, "title": " Spring\n\tWaltz "})["title"] == "Spring Waltz"
    with pytest.raises(errors.ValidationError, match="title holds signs that are no text"):
        pipeline.check_options({**base, "title": f"Spring{sign}Waltz"})
    with pytest.raises(errors.ValidationError, match="title must be a text of at most"):
        pipeline.check_options({**base, "title": "x" * 1001})
