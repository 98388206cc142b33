"""What a film is asked for: sizes that can be encoded, and titles that fit into its chapters."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.films import TITLE_BYTES, Caption, Film, Scene, check_film, scenes_from_json, scenes_to_json, shorten

SCENE = Scene(Path("a.png"), Path("a.wav"), "One", (Caption(0, 10, "Hello"),))


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_title_is_one_line_that_fits(text):
    line = shorten(text)
    assert len(line.encode()) <= TITLE_BYTES
    assert not set(line) & set("\n\r\0\t\x1b\u2028")
    assert line == shorten(line)


def test_a_long_title_is_cut_between_letters_and_says_so():
    family = "👩\u200d👩\u200d👧"
    assert shorten(family * 100).removesuffix("…") == family * ((TITLE_BYTES - 3) // len(family.encode()))
    assert shorten("A\nB\0C " * 2) == "A B C A B C"


def test_scenes_survive_being_written_down():
    assert scenes_from_json(scenes_to_json([SCENE])) == (SCENE,)


@pytest.mark.parametrize(
    ("scenes", "look", "said"),
    [
        ((), Film(), "at least one scene"),
        ((SCENE,) * 5001, Film(), "at most 5,000 scenes"),
        ((SCENE,), Film(width=1921), "even number"),
        ((SCENE,), Film(height=5000), "from 64 to 4096"),
        ((SCENE,), Film(fps=0), "1 to 30 frames"),
        ((SCENE,), Film(crossfade_ms=2001), "0 to 2000 ms"),
    ],
)
def test_what_cannot_be_filmed_is_refused(scenes, look, said):
    with pytest.raises(errors.ValidationError, match=said):
        check_film(scenes, look)
