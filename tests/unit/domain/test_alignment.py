from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.alignment import (
    LONGEST_MS,
    Timed,
    put_times,
    stretches,
    with_guesses,
    without_times,
    words_to_time,
)
from tenuto.domain.editing import correct_text
from tenuto.domain.transcripts import Segment, Transcript, Word
from unit.domain.strategies import transcripts

HEARD = Segment(
    1000,
    3000,
    "one two three",
    words=(Word(1000, 1500, "one", 0.9), Word(1600, 2000, "two", 0.8), Word(2200, 3000, "three", 0.9)),
)
BARE = Segment(4000, 6000, "four five")
TALK = Transcript((HEARD, BARE), duration_ms=9000)
GOOD = -10.0


def timed(*spans, score=GOOD):
    return [Timed(start, end, score) for start, end in spans]


def test_segments_without_words_are_wanting():
    assert without_times(TALK) == [1]
    assert with_guesses(correct_text(TALK, 0, "one too three").transcript) == [0, 1]


def test_found_times_make_words_and_set_the_segment_around_them():
    after = put_times(TALK, {1: timed((4100, 4500), (4600, 5200))}, keep_heard=True).segments[1]
    assert after.words == (Word(4100, 4500, "four"), Word(4600, 5200, "five"))
    assert (after.start_ms, after.end_ms, after.flags) == (4100, 5200, ())


def test_after_a_correction_only_the_new_word_gets_another_time():
    edited = correct_text(TALK, 0, "one too three").transcript
    after = put_times(edited, {0: timed((900, 1400), (1650, 2050), (2100, 2900))}, keep_heard=True).segments[0]
    assert after.words == (Word(1000, 1500, "one", 0.9), Word(1650, 2050, "too"), Word(2200, 3000, "three", 0.9))
    assert after.flags == ("edited",)


def test_heard_times_stay_also_where_the_engine_does_not_say_how_sure_it_is():
    unsure = Segment(1000, 3000, "one two", words=(Word(1000, 1500, "one"), Word(1600, 3000, "two")))
    edited = correct_text(Transcript((unsure,), duration_ms=4000), 0, "one too").transcript
    assert [word.guessed for word in edited.segments[0].words] == [False, True]
    after = put_times(edited, {0: timed((900, 1400), (1650, 2950))}, keep_heard=True).segments[0]
    assert after.words == (Word(1000, 1500, "one"), Word(1650, 2950, "too"))
    assert after.flags == ("edited",)


def test_a_new_time_keeps_out_of_its_neighbours():
    edited = correct_text(TALK, 0, "one too three").transcript
    after = put_times(edited, {0: timed((0, 1), (1200, 2900), (3, 4))}, keep_heard=True).segments[0]
    assert [(word.start_ms, word.end_ms) for word in after.words] == [(1000, 1500), (1500, 2200), (2200, 3000)]


def test_every_word_can_be_timed_anew():
    after = put_times(TALK, {0: timed((900, 1400), (1650, 2050), (2100, 2900))}, keep_heard=False).segments[0]
    assert [word.start_ms for word in after.words] == [900, 1650, 2100]


def test_words_the_sound_does_not_say_are_marked():
    after = put_times(TALK, {1: timed((4100, 4500), (4600, 5200), score=-60.0)}, keep_heard=True).segments[1]
    assert after.flags == ("guessed_times", "unmatched")
    assert (after.start_ms, after.end_ms) == (4000, 6000)


def test_times_nobody_listened_for_are_guesses():
    after = put_times(TALK, {1: timed((4100, 4500), (4600, 5200), score=None)}, keep_heard=True).segments[1]
    assert after.flags == ("guessed_times",)


def test_times_for_other_words_are_not_taken():
    assert put_times(TALK, {1: timed((4100, 4500))}, keep_heard=True) == TALK


def test_a_stretch_ends_at_a_long_pause_and_before_it_grows_too_long():
    close = Transcript(tuple(Segment(n * 5000, n * 5000 + 4900, "word") for n in range(14)), duration_ms=70_000)
    found = stretches(close, range(14))
    assert all(each.end_ms - each.start_ms <= LONGEST_MS + 1000 for each in found)
    assert [position for each in found for position in each.positions] == list(range(14))
    assert len(stretches(TALK, [0, 1])) == 2  # a second of silence lies between


def test_a_stretch_reaches_into_the_pauses_around_it_and_no_further():
    (found,) = stretches(TALK, [1])
    assert (found.start_ms, found.end_ms) == (3500, 6500)


@given(transcripts(), st.data())
def test_whatever_is_found_words_stay_what_they_are_and_in_order(transcript, data):
    moments = st.integers(0, max(1, transcript.duration_ms))
    found = {}
    for index in with_guesses(transcript):
        edges = sorted(data.draw(moments) for _ in range(2 * len(words_to_time(transcript.segments[index]))))
        pairs = zip(edges[::2], edges[1::2], strict=True)
        found[index] = [Timed(start, end, data.draw(st.sampled_from([None, -5.0, -90.0]))) for start, end in pairs]
    after = put_times(transcript, found, keep_heard=data.draw(st.booleans()))
    assert [part.text for part in after.segments] == [part.text for part in transcript.segments]
    for index, part in enumerate(after.segments):
        assert part.start_ms <= part.end_ms
        if index in found:
            assert [word.text for word in part.words] == list(words_to_time(transcript.segments[index]))
            starts = [word.start_ms for word in part.words]
            assert starts == sorted(starts)
            assert all(word.start_ms <= word.end_ms for word in part.words)
        else:
            assert part == transcript.segments[index]
