"""What looks made up is marked; what people say is not; and nothing is ever changed."""

from array import array
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.guard import HOP_MS, count_flags, guard, over_silence, repeated, silence_below
from tenuto.domain.transcripts import Segment, Transcript, Word

SPEECH = "the quick brown fox jumps over the lazy dog and then it sleeps until the sun comes up again over the hills"


def said(*texts):
    return [Segment(at * 1000, at * 1000 + 900, text) for at, text in enumerate(texts)]


@pytest.mark.parametrize(
    "loop",
    [
        "you " * 40,
        "I'm sorry. " * 12,
        "and the other one is " * 4,
        "thank you very much for watching this video. " * 3,
        "はい" * 12,
        "ご視聴ありがとうございました" * 3,
        "спасибо за просмотр " * 5,
        "ha" * 40,
        "ありがとう、" * 6,
    ],
)
def test_a_loop_within_a_segment_is_marked(loop):
    assert repeated(said(SPEECH, loop, SPEECH[::-1])) == {1}


@pytest.mark.parametrize("times", [4, 30])
def test_the_same_segment_again_and_again_is_marked(times):
    assert repeated(said(SPEECH, *["Thanks for watching!"] * times)) == set(range(1, times + 1))


def test_a_loop_of_several_segments_is_marked():
    assert repeated(said(*["What is it?", "It is the other one."] * 4)) == set(range(8))


@pytest.mark.parametrize(
    "text",
    [
        "No, no, no, no!",
        "No no no no no no.",
        "I know, I know, I know.",
        "very very very very good",
        "Row, row, row your boat gently down the stream, merrily, merrily, merrily, merrily",
        "one two one two one two",
        "そうそうそう、はいはい",
        "ha ha ha ha ha",
        "We will, we will rock you. We will, we will rock you.",
        "Donaudampfschifffahrtsgesellschaftskapitän",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
        "",
    ],
)
def test_what_people_say_is_not_a_loop(text):
    assert repeated(said(SPEECH, text)) == set()


def test_yes_and_no_in_a_talk_are_no_loop():
    assert repeated(said("Yeah.", "Right.", "Yeah.", "Yeah.", "Okay.", "Yeah.", "Right.", "Mm.")) == set()


def test_a_refrain_is_marked_as_a_loop_would_be():
    refrain = "hello darkness my old friend " * 4
    assert repeated(said(refrain)) == {0}


def test_a_few_repeated_words_in_a_long_segment_do_not_mark_it():
    assert repeated(said(f"{SPEECH} {'no ' * 10} {SPEECH[::-1]}")) == set()


def sound(*stretches):
    """Levels of (seconds, dB) one after the other."""
    return array("b", [level for seconds, level in stretches for _ in range(round(seconds * 1000 / HOP_MS))])


THANKS = Segment(12_000, 14_000, "Thank you for watching.")
TALK = Segment(1_000, 9_000, SPEECH)


@pytest.mark.parametrize("silence", [-120, -80, -66])
def test_words_over_nothing_are_marked(silence):
    assert over_silence([TALK, THANKS], sound((10, -20), (10, silence))) == {1}


def test_words_over_the_recordings_own_noise_are_marked():
    noise = array("b", [-52 + at % 4 for at in range(500)])
    assert over_silence([TALK, THANKS], sound((10, -20)) + noise) == {1}


def test_a_quiet_speaker_is_not_silence():
    assert over_silence([TALK, THANKS], sound((10, -20), (2, -60), (2, -45), (6, -60))) == set()
    assert over_silence([TALK], sound((1, -62), (8, -55), (1, -62))) == set()


def test_noise_alone_tells_nothing():
    assert over_silence([TALK, THANKS], sound((20, -30))) == set()
    assert silence_below(sound((20, -30))) == silence_below(()) == -65
    assert silence_below(sound((10, -12), (10, -30))) == -65


def test_a_click_is_not_speech():
    assert over_silence([THANKS], sound((13, -90), (0.04, -5), (7, -90))) == {0}


def test_words_decide_where_there_are_any():
    heard = (Word(1_000, 2_000, "Hello"), Word(12_000, 12_500, "Thank"), Word(12_500, 13_000, "you"))
    levels = sound((10, -20), (10, -90))
    assert over_silence([Segment(1_000, 13_000, "Hello Thank you", words=heard)], levels) == set()
    long = (Word(9_900, 10_000, "a"), *(Word(13_000, 14_000, "invented") for _ in range(3)))
    assert over_silence([Segment(9_900, 14_000, "a invented invented invented", words=long)], levels) == {0}


@pytest.mark.parametrize("segment", [Segment(50_000, 51_000, "late"), Segment(0, 0, ""), Segment(5, 5, " ")])
def test_what_cannot_be_judged_is_not_marked(segment):
    assert over_silence([segment], sound((10, -90))) == set()


def test_flags_are_added_once_and_counted():
    segment = replace(THANKS, flags=("edited", "over_silence"))
    marked = guard(Transcript((segment, TALK)), sound((20, -90)))
    assert marked.segments[0] is segment
    assert count_flags(marked) == {"edited": 1, "over_silence": 2}


texts = st.lists(
    st.sampled_from(["you ", "thank you ", "はい", "no, ", SPEECH, "\ud800", "e\u0301 ", ". "]), max_size=30
)
times = st.integers(0, 30_000)
segments = st.builds(
    lambda start, length, text, words: Segment(start, start + length, "".join(text), None, None, tuple(words)),
    times,
    times,
    texts,
    st.lists(st.builds(Word, times, times, st.text(max_size=5)), max_size=4),
)


@given(st.lists(segments, max_size=8), st.lists(st.integers(-120, 0), max_size=400))
def test_nothing_but_flags_changes(some, levels):
    marked = guard(Transcript(tuple(some), title="x"), array("b", levels))
    assert [replace(segment, flags=()) for segment in marked.segments] == some
    assert all(set(segment.flags) <= {"repeated", "over_silence"} for segment in marked.segments)
