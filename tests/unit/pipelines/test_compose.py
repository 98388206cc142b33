"""What a job that composes may be asked."""

import pytest

from tenuto import errors
from tenuto.domain.music import key_tag, same_tempo
from tenuto.pipelines import compose

CHECK = compose.PIPELINE.check_options


def test_a_prompt_is_all_that_is_needed():
    assert CHECK({"prompt": "  a slow\nwaltz "}) == {
        "prompt": "  a slow\nwaltz ",
        "engine": "auto",
        "seconds": None,
        "seed": None,
        "sample_rate": 44_100,
        "format": "wav",
        "stems": False,
        "midi": False,
        "fade_in": 0.0,
        "fade_out": 0.0,
        "trim": False,
        "title": "a slow waltz",
    }


def test_the_text_of_a_form_means_the_same():
    given = {"prompt": "pop", "seconds": "12.5", "seed": "7", "sample_rate": "48000", "stems": "true", "midi": "false"}
    found = CHECK(given)
    assert (found["seconds"], found["seed"], found["sample_rate"]) == (12.5, 7, 48_000)
    assert (found["stems"], found["midi"]) == (True, False)
    assert CHECK({"prompt": "pop", "seconds": "", "seed": ""})["seed"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", " "),
        ("prompt", 7),
        ("prompt", "x" * 2001),
        ("prompt", "a\0b"),
        ("prompt", "half \ud800"),
        ("seconds", 0.5),
        ("seconds", 1201),
        ("seconds", "nan"),
        ("seed", -1),
        ("seed", 1 << 32),
        ("seed", 1.5),
        ("sample_rate", 4000),
        ("format", "midi"),
        ("stems", "maybe"),
        ("fade_out", 31),
        ("trim", "soon"),
    ],
)
def test_what_cannot_be_composed_is_refused_by_name(name, value):
    with pytest.raises(errors.ValidationError) as refused:
        CHECK({"prompt": "pop", name: value})
    assert refused.value.details["field"] == name


def test_an_option_nobody_knows_is_refused():
    with pytest.raises(errors.ValidationError, match="loudest"):
        CHECK({"prompt": "pop", "loudest": True})


def test_keys_have_signs_in_tags():
    assert [key_tag(key) for key in ("F# minor", "Eb major", "D dorian", "", None)] == ["F#m", "Eb", "", "", ""]


def test_half_and_double_are_the_same_tempo_and_others_are_not():
    assert same_tempo(90, 180.5)
    assert same_tempo(174, 86.9)
    assert not same_tempo(120, 90)
    assert not same_tempo(120, 123)


def test_in_compound_metres_eighths_and_quarters_may_be_counted_too():
    assert same_tempo(60, 180, "6/8")
    assert same_tempo(60, 90, "12/8")
    assert not same_tempo(60, 180, "3/4")
    assert not same_tempo(60, 80, "6/8")
