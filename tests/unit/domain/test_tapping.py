"""Times that a person tapped: they are put where they belong, or refused with a reason."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.lyrics import MAX_MS, LyricLine, Lyrics, LyricWord, plain
from tenuto.domain.tapping import LONGEST_WORD_MS, Tap, tap, words_of
from unit.domain.lyrics_strategies import clean_words, lyrics

bounded = settings(max_examples=60, deadline=None, database=None)
SONG = plain("Down by the river\n\nI left my sorrow\nthere")
TIMED = Lyrics(
    (
        LyricLine("one two", 1_000, 3_000, (LyricWord(1_000, 2_000, "one"), LyricWord(2_000, 3_000, "two")), 0.4),
        LyricLine("three", 4_000, 5_000, confidence=0.9),
    )
)


def spans(song):
    return [(line.start_ms, line.end_ms) for line in song.lines]


def test_lines_get_the_times_they_were_tapped_at():
    song = tap(SONG, [Tap(0, 1_000, 3_000), Tap(2, 4_000), Tap(3, 6_000, 7_000)])
    assert spans(song) == [(1_000, 3_000), (None, None), (4_000, None), (6_000, 7_000)]
    assert song.is_synced


def test_words_end_where_the_next_begins():
    (line, *_) = tap(SONG, [Tap(0, 1_000, 3_000, (1_000, 1_400, 1_800, 2_000))]).lines
    assert [(word.text, word.start_ms, word.end_ms) for word in line.words] == [
        ("Down", 1_000, 1_400),
        ("by", 1_400, 1_800),
        ("the", 1_800, 2_000),
        ("river", 2_000, 3_000),
    ]


def test_a_last_word_without_an_end_lasts_until_the_next_line_or_two_seconds():
    song = tap(SONG, [Tap(2, 1_000, words_ms=(1_000, 1_400, 1_800, 2_000)), Tap(3, 3_000, words_ms=(3_000,))])
    assert song.lines[2].words[-1].end_ms == 3_000
    assert song.lines[3].words[-1].end_ms == 3_000 + LONGEST_WORD_MS
    assert song.lines[2].end_ms is None


def test_a_line_is_over_when_the_next_is_tapped():
    song = tap(TIMED, [Tap(1, 2_500)])
    assert spans(song) == [(1_000, 2_500), (2_500, 3_500)]
    assert song.lines[0].words[-1] == LyricWord(2_000, 2_500, "two")


def test_the_words_of_a_line_that_was_tapped_as_a_whole_move_with_it():
    (line, _) = tap(TIMED, [Tap(0, 1_200)]).lines
    assert [(word.start_ms, word.end_ms) for word in line.words] == [(1_200, 2_200), (2_200, 3_200)]


def test_a_person_needs_no_confidence():
    assert [line.confidence for line in tap(TIMED, [Tap(0, 1_200)]).lines] == [None, 0.9]


def test_taps_are_made_to_what_was_shown():
    song = tap(TIMED.with_offset(500), [Tap(0, 1_400)])
    assert song.offset_ms == 0
    assert spans(song) == [(1_400, 3_400), (4_500, 5_500)]


def test_letters_of_a_script_without_spaces_are_tapped_one_by_one():
    song = plain("日本 ok")
    assert words_of(song.lines[0]) == ["日", "本", "ok"]
    (line,) = tap(song, [Tap(0, 0, 900, (0, 300, 600))]).lines
    assert [word.joined for word in line.words] == [True, False, False]


def test_syllables_that_are_there_are_tapped_as_they_are():
    words = (LyricWord(0, 1, "ri", joined=True), LyricWord(1, 2, "ver"))
    song = Lyrics((LyricLine("river", 0, 2, words),))
    assert words_of(song.lines[0]) == ["ri", "ver"]


@pytest.mark.parametrize(
    ("taps", "message"),
    [
        ([], "There are no taps"),
        ([Tap(9, 0)], "There is no line 10: the lyrics have 4"),
        ([Tap(-1, 0)], "There is no line 0"),
        ([Tap(1, 0)], "Line 2: it has no words"),
        ([Tap(0, -5)], "Line 1: -0.01 s is no time of a song"),
        ([Tap(0, MAX_MS + 1)], "Line 1: 86400.00 s is no time"),
        ([Tap(0, 2_000, 2_000)], "Line 1: it ends at 2.00 s, not after it begins at 2.00 s"),
        ([Tap(0, 2_000), Tap(0, 3_000)], "Line 1: it is tapped twice"),
        ([Tap(0, 2_000), Tap(2, 1_000)], "Line 3: it would begin at 1.00 s, before line 1 at 2.00 s"),
        ([Tap(0, 0, 900, (0, 1))], "Line 1: it has 4 words, and 2 were tapped"),
        ([Tap(0, 100, 900, (50, 200, 300, 400))], "Line 1: word 1 is tapped at 0.05 s, before 0.10 s"),
        ([Tap(0, 100, 900, (100, 300, 200, 400))], "Line 1: word 3 is tapped at 0.20 s, before 0.30 s"),
        ([Tap(0, 100, 900, (100, 200, 300, 1_000))], "Line 1: its last word is tapped at 1.00 s, after"),
    ],
)
def test_taps_that_make_no_sense_are_refused(taps, message):
    with pytest.raises(errors.ValidationError) as refused:
        tap(SONG, taps)
    assert refused.value.message.startswith(message)


@bounded
@given(lyrics(), st.data())
def test_tapping_every_line_leaves_them_in_order(song, data):
    sung = [number for number, line in enumerate(song.lines) if line.text]
    if not sung:
        return
    starts = sorted(data.draw(st.lists(st.integers(0, 600_000), min_size=len(sung), max_size=len(sung))))
    made = tap(song, [Tap(number, start) for number, start in zip(sung, starts, strict=True)])
    assert [made.lines[number].start_ms for number in sung] == starts
    assert [line.text for line in made.lines] == [line.text for line in song.lines]
    lines = [made.lines[number] for number in sung]
    for line, following in pairwise(lines):
        assert line.end_ms is None or line.start_ms <= line.end_ms <= following.start_ms
    for line in lines:
        times = [time for word in line.words for time in (word.start_ms, word.end_ms)]
        assert times == sorted(times)


@bounded
@given(st.lists(clean_words, min_size=1, max_size=6), st.data())
def test_tapped_words_spell_the_line(texts, data):
    song = plain(" ".join(texts))
    count = len(words_of(song.lines[0]))
    times = sorted(data.draw(st.lists(st.integers(0, 60_000), min_size=count, max_size=count)))
    (line,) = tap(song, [Tap(0, times[0], words_ms=tuple(times))]).lines
    assert [word.start_ms for word in line.words] == times
    assert "".join(word.text if word.joined else word.text + " " for word in line.words).strip() == line.text
