"""Lyrics: offset, quality, ends, and a text that is edited after it was timed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.lyrics import (
    DOUBTFUL,
    LyricLine,
    Lyrics,
    LyricWord,
    Quality,
    closed_lines,
    from_json,
    plain,
    quality,
    spelled,
    to_json,
)
from tenuto.domain.lyrics_edit import fill_times, merge_times
from unit.domain.lyrics_strategies import lyrics

bounded = settings(max_examples=60, deadline=None, database=None)
RIVER = LyricLine(
    "down by the river",
    1_000,
    3_000,
    (
        LyricWord(1_000, 1_500, "down"),
        LyricWord(1_500, 1_700, "by"),
        LyricWord(1_700, 2_000, "the"),
        LyricWord(2_000, 2_500, "ri", joined=True),
        LyricWord(2_500, 3_000, "ver"),
    ),
    0.8,
)
SORROW = LyricLine("I left my sorrow", 4_000, 6_000, confidence=0.3)
SONG = Lyrics((RIVER, SORROW, LyricLine(""), LyricLine("bye")), title="Song")


def test_an_offset_moves_what_is_shown_and_not_what_is_known():
    later = SONG.with_offset(250)
    assert later.lines == SONG.lines
    assert [line.start_ms for line in later.shown()] == [1_250, 4_250, None, None]
    assert later.shown()[0].words[0] == LyricWord(1_250, 1_750, "down")


def test_nothing_is_shown_before_the_song():
    assert SONG.with_offset(-2_000).shown()[0].start_ms == 0


def test_an_offset_beyond_ten_minutes_is_refused():
    with pytest.raises(errors.ValidationError, match="An offset of 700000 ms is too much"):
        SONG.with_offset(700_000)


def test_quality_counts_what_is_doubtful():
    assert quality(SONG) == Quality(sung=3, timed=2, doubtful=1, confidence=pytest.approx(0.55))
    assert quality(plain("la")) == Quality(sung=1, timed=0, doubtful=0, confidence=None)
    edge = Lyrics((LyricLine("la", 0, 1, confidence=DOUBTFUL),))
    assert quality(edge).doubtful == 0


def test_an_end_nobody_knows_is_a_guess_that_never_passes_the_next_line():
    lines = (
        LyricLine("one line of words", 1_000),
        LyricLine("two", 1_800),
        LyricLine("", 20_000),
        LyricLine("three", 21_000),
    )
    assert [(line.text, line.end_ms) for line in closed_lines(Lyrics(lines))] == [
        ("one line of words", 1_800),
        ("two", 2_800),
        ("three", 22_000),
    ]


def test_a_line_without_an_end_is_over_with_its_last_word():
    (line,) = closed_lines(Lyrics((LyricLine("la", 1_000, None, (LyricWord(1_000, 1_400, "la"),)),)))
    assert line.end_ms == 1_400


def test_the_text_that_syllables_make():
    assert spelled(RIVER.words) == RIVER.text


@bounded
@given(lyrics())
def test_json_values_are_read_back(song):
    assert from_json(to_json(song)) == song


def test_lines_that_stay_keep_their_times():
    made = merge_times(SONG, "oh\ndown by the river\nI left my sorrow\nhome\nbye")
    assert made.lines == (LyricLine("oh"), RIVER, SORROW, LyricLine("home"), LyricLine("bye"))
    assert made.title == "Song"


def test_lines_that_go_take_their_times_along():
    assert merge_times(SONG, "I left my sorrow").lines == (SORROW,)


def test_capitals_and_commas_make_no_other_line():
    (line, *_) = merge_times(SONG, "Down by the River,\nI left my sorrow").lines
    assert (line.start_ms, line.end_ms, line.confidence) == (1_000, 3_000, 0.8)
    assert [(word.text, word.start_ms) for word in line.words] == [
        ("Down", 1_000),
        ("by", 1_500),
        ("the", 1_700),
        ("River,", 2_000),
    ]


def test_a_word_that_is_put_right_keeps_its_time_and_its_syllables():
    (line, *_) = merge_times(SONG, "dawn by the riverside\nI left my sorrow").lines
    assert [(word.text, word.start_ms, word.joined) for word in line.words] == [
        ("dawn", 1_000, False),
        ("by", 1_500, False),
        ("the", 1_700, False),
        ("ri", 2_000, True),
        ("verside", 2_500, False),
    ]


def test_a_line_with_another_number_of_words_keeps_the_times_of_the_line_alone():
    (line, *_) = merge_times(SONG, "down by the wide river\nI left my sorrow").lines
    assert (line.start_ms, line.end_ms, line.words) == (1_000, 3_000, ())


def test_a_word_that_never_ends_is_one_word():
    song = Lyrics(
        (LyricLine("la", 0, 900, (LyricWord(0, 400, "l", joined=True), LyricWord(400, 900, "a", joined=True))),)
    )
    (line,) = merge_times(song, "La!").lines
    assert [(word.text, word.start_ms, word.end_ms) for word in line.words] == [("La!", 0, 900)]


def test_lines_between_are_taken_out_and_put_right_at_once():
    lines = (SORROW, LyricLine("gone", 6_000, 7_000), LyricLine("and so is she", 8_000, 9_000))
    made = merge_times(Lyrics(lines), "I left my sorrows\nand so is he")
    assert [(line.text, line.start_ms) for line in made.lines] == [
        ("I left my sorrows", 4_000),
        ("and so is he", 8_000),
    ]


def test_no_time_is_given_to_two_lines():
    song = Lyrics((LyricLine("one two three", 1_000, 2_000), LyricLine("gone", 3_000, 4_000)))
    made = merge_times(song, "one two four\none two five")
    assert [line.start_ms for line in made.lines] == [1_000, None]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("helo", "hello", True),
        ("hello", "goodbye", False),
        ("one two three", "one two four", True),
        ("one two three", "six two four", False),
        ("one two three four", "one two and three four", True),
        ("", "words", False),
        ("日本語の歌", "日本語の詩", True),
        ("?!", "...", False),
    ],
)
def test_a_line_that_was_put_right_is_told_from_another(before, after, same):
    song = Lyrics((LyricLine("first", 0, 1), LyricLine(before, 1_000, 2_000), LyricLine("last", 3_000, 4_000)))
    assert (merge_times(song, f"first\n{after}\nlast").lines[1].start_ms == 1_000) == same


def test_another_line_in_the_place_of_one_has_no_times():
    assert merge_times(SONG, "up on the hill\nI left my sorrow").lines[0] == LyricLine("up on the hill")


def test_a_chorus_that_comes_back_keeps_the_times_of_each_time():
    chorus = [LyricLine("la la la", start, start + 500) for start in (1_000, 5_000, 9_000)]
    verse = LyricLine("and a verse", 3_000, 4_000)
    song = Lyrics((chorus[0], verse, *chorus[1:]))
    assert merge_times(song, "La la la!\nand a verse\nla la la\na bridge\nla la la").lines[4].start_ms == 9_000


@bounded
@given(lyrics(), st.data())
def test_a_text_with_lines_put_in_and_taken_out_keeps_the_order_of_times(song, data):
    texts = [line.text for line in song.lines]
    at = data.draw(st.integers(0, len(texts)))
    changed = [*texts[:at], "completely new words", *texts[at + data.draw(st.integers(0, 2)) :]]
    made = merge_times(song, "\n".join(changed))
    starts = [(line.start_ms, line.text) for line in made.lines if line.is_timed]
    old = iter([(line.start_ms, line.text) for line in song.lines if line.is_timed])
    assert all(start in old for start in starts)  # a part of the old ones, in their order


@bounded
@given(lyrics())
def test_the_same_text_changes_nothing(song):
    made = merge_times(song, song.text)
    assert [line for line in made.lines if line.text] == [line for line in song.lines if line.text]


def test_a_long_text_is_merged_in_a_moment():
    lines = tuple(LyricLine("ab"[number % 2] * (number % 7 + 1), number * 100) for number in range(5_000))
    made = merge_times(Lyrics(lines), "\n".join(["new", *(line.text for line in lines if line.text != "bb")]))
    timed = [line for line in made.lines if line.is_timed]
    assert made.lines[0] == LyricLine("new")
    assert len(timed) == len(made.lines) - 1
    assert [line.start_ms for line in timed] == sorted(line.start_ms for line in timed)


def test_lines_without_times_get_those_that_were_found_where_they_fit():
    given = Lyrics(
        (
            LyricLine("a"),
            LyricLine("b", 1000, 1500),
            LyricLine("c"),
            LyricLine(""),
            LyricLine("d"),
            LyricLine("e", 4000),
        ),
        offset_ms=100,
    )
    found = [
        LyricLine(text, start, start + 300, (), 0.9)
        for text, start in zip("abcxde", (500, 0, 2000, 0, 9000, 0), strict=True)
    ]
    filled = fill_times(given, found)
    assert [line.start_ms for line in filled.lines] == [500, 1100, 2000, None, None, 4100]
    assert [line.confidence for line in filled.lines] == [0.9, None, 0.9, None, None, None]
    assert (filled.lines[1].end_ms, filled.offset_ms) == (1600, 0)
    untimed = Lyrics(tuple(LyricLine(text) for text in "ab"))
    assert fill_times(untimed, found[:2]).lines == (found[0], LyricLine("b"))
