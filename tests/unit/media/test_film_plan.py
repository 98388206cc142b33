"""When each frame of a scene is seen: whatever the scene, time goes on and no picture is late."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.films import RATE, Caption, Film, Scene
from tenuto.media.film_plan import heard_captions, plan_scene

CAPTIONS = st.lists(
    st.builds(Caption, st.integers(-50, 90_000), st.integers(0, 95_000), st.sampled_from(["One", "Two\nlines", " "])),
    max_size=12,
)
FILMS = st.builds(Film, fps=st.integers(1, 30), crossfade_ms=st.integers(0, 2000))


@given(st.integers(1, 90 * RATE), FILMS, CAPTIONS, st.booleans())
def test_time_goes_on_from_the_first_sample_to_the_last(length, film, captions, fades):
    heard = heard_captions(Scene(None, None, captions=tuple(captions)), length)
    plan = plan_scene(length, film, heard, fades=fades)
    times = [at for at, _ in plan.shown()]
    assert times[0] == 0
    assert all(before < after for before, after in pairwise(times))
    assert times[-1] < length
    longest = max(after - before for before, after in zip(times, [*times[1:], length], strict=True))
    assert longest <= max(plan.step, RATE // 25)


@given(st.integers(1, 30 * RATE), CAPTIONS)
def test_captions_are_burned_in_while_they_are_heard(length, captions):
    heard = heard_captions(Scene(None, None, captions=tuple(captions)), length)
    plan = plan_scene(length, Film(), heard)
    shown = {at: plan.moments[number].caption for at, number in plan.shown()}
    for caption in heard:
        if caption.start_ms * 48 < length:
            assert shown[caption.start_ms * 48] == caption.text
    assert all(first.end_ms <= second.start_ms for first, second in pairwise(heard))


def test_a_scene_that_grows_is_made_of_the_same_frames():
    assert plan_scene(40 * RATE, Film()).moments == plan_scene(7200 * RATE, Film()).moments
    assert len(plan_scene(7200 * RATE, Film()).moments) == 50


def test_a_short_gap_between_captions_does_not_flicker():
    heard = [Caption(0, 900, "One"), Caption(980, 2000, "Two"), Caption(3000, 4000, "Three")]
    plan = plan_scene(5 * RATE, Film(), heard)
    shown = [(moment.at / RATE, moment.caption) for moment in plan.moments]
    changes = [one for one, before in zip(shown, [(0, ""), *shown], strict=False) if one[1] != before[1]]
    assert changes == [(0, "One"), (0.98, "Two"), (2, ""), (3, "Three"), (4, "")]
