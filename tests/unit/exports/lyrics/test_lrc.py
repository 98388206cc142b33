"""LRC as people have it, case by case."""

import pytest

from tenuto import errors
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord
from tenuto.exports.lyrics import detect, read, write


def spans(text):
    return [(line.text, line.start_ms, line.end_ms) for line in read(text, "lrc").lines]


def words(text):
    (line,) = read(text, "elrc").lines
    return [(word.text, word.start_ms, word.end_ms, word.joined) for word in line.words]


def test_tags_name_the_song_and_unknown_ones_are_left_out():
    song = read("[ti: Song ]\n[ar:Band]\n[al:Disc]\n[by:me]\n[length: 3:20]\n[#:x]\n[xyz:1]\n[la:en]\n[00:01.00]la")
    assert (song.title, song.artist, song.album, song.language) == ("Song", "Band", "Disc", "en")
    assert [line.text for line in song.lines] == ["la"]


def test_a_sentence_about_the_language_is_left_out():
    assert read("[la:Portuguese, as they sing it in the north]\n[00:01.00]la").language is None


@pytest.mark.parametrize(
    ("stamp", "milliseconds"),
    [
        ("[01:02.34]", 62_340),
        ("[01:02.345]", 62_345),
        ("[01:02.3]", 62_300),
        ("[01:02]", 62_000),
        ("[01:02:34]", 62_340),
        ("[01:02,34]", 62_340),
        ("[1:2.34]", 62_340),
        ("[01:02:03.45]", 3_723_450),
        ("[125:00.00]", 7_500_000),
        ("[00:61.00]", 61_000),
        ("[00:01.23456]", 1_234),
    ],
)
def test_stamps_are_read_as_people_write_them(stamp, milliseconds):
    assert spans(f"{stamp}la") == [("la", milliseconds, None)]


def test_minutes_grow_beyond_two_digits():
    assert write(Lyrics((LyricLine("la", 7_500_000),)), "lrc") == "[125:00.00]la\n"


def test_a_positive_offset_shows_the_lyrics_earlier():
    song = read("[offset:+500]\n[00:10.00]la")
    assert song.offset_ms == -500
    assert song.shown()[0].start_ms == 9_500
    assert write(song, "lrc") == "[00:09.50]la\n"


def test_a_negative_offset_shows_them_later_and_an_empty_one_does_nothing():
    assert read("[offset: -250]\n[00:10.00]la").offset_ms == 250
    assert read("[offset:]\n[00:10.00]la").offset_ms == 0


def test_a_repeated_chorus_stands_where_it_is_sung():
    text = "[00:10.00][00:30.00]chorus\n[00:12.00]\n[00:20.00]verse\n[00:32.00]"
    assert spans(text) == [("chorus", 10_000, 12_000), ("verse", 20_000, None), ("chorus", 30_000, 32_000)]


def test_a_blank_stamp_ends_the_line_before():
    assert spans("[00:01.00]one\n[00:02.00]\n[00:05.00]two") == [("one", 1_000, 2_000), ("two", 5_000, None)]


def test_a_line_without_a_stamp_stays_in_its_place():
    assert spans("intro\n[00:01.00]one\n(instrumental)\n[00:02.00]two") == [
        ("intro", None, None),
        ("one", 1_000, None),
        ("(instrumental)", None, None),
        ("two", 2_000, None),
    ]


def test_any_line_ends_and_a_byte_order_mark_are_read():
    assert spans("\ufeff[00:01.00]one\r\n\r\n\r\n[00:02.00]two\r[00:03.00]three") == [
        ("one", 1_000, None),
        ("", None, None),
        ("two", 2_000, None),
        ("three", 3_000, None),
    ]


def test_words_end_where_the_next_begins_and_the_last_at_its_stamp():
    text = "[00:01.00] <00:01.00> Down <00:01.50> by <00:02.00>"
    assert words(text) == [("Down", 1_000, 1_500, False), ("by", 1_500, 2_000, False)]


def test_two_stamps_in_a_row_are_a_pause_between_words():
    assert words("[00:01.00]<00:01.00>Down<00:01.40> <00:01.50>by<00:02.00>") == [
        ("Down", 1_000, 1_400, False),
        ("by", 1_500, 2_000, False),
    ]


def test_syllables_without_a_space_belong_together():
    text = "[00:01.00]<00:01.00>ri<00:01.50>ver <00:02.00>side<00:03.00>"
    assert words(text) == [("ri", 1_000, 1_500, True), ("ver", 1_500, 2_000, False), ("side", 2_000, 3_000, False)]
    assert read(text).text == "river side"


def test_the_first_word_may_stand_without_a_stamp_of_its_own():
    assert words("[00:01.00]Down <00:01.50>by<00:02.00>") == [
        ("Down", 1_000, 1_500, False),
        ("by", 1_500, 2_000, False),
    ]


def test_a_line_with_stamps_of_words_alone_begins_with_its_first_word():
    (line,) = read("<00:01.00>Down <00:01.50>by<00:02.00>").lines
    assert (line.start_ms, line.end_ms) == (1_000, 2_000)


def test_a_line_sung_before_all_words_is_no_pause_for_them():
    song = Lyrics((LyricLine("intro"), LyricLine("la", 1_000)))
    assert write(song, "lrc") == "intro\n[00:01.00]la\n"


def test_square_stamps_within_a_line_are_those_of_words():
    assert detect("[00:01.00]Down [00:01.50]by[00:02.00]") == "elrc"
    assert words("[00:01.00]Down [00:01.50]by[00:02.00]")[1] == ("by", 1_500, 2_000, False)


def test_a_last_word_without_an_end_ends_with_its_line_and_never_lasts_through_a_solo():
    first, second = read("[00:01.00]<00:01.00>la\n[00:01.40]<00:01.40>lo", "elrc").lines
    assert first.words[-1].end_ms == 1_400
    assert 1_400 < second.words[-1].end_ms < 5_000


def test_a_repeated_line_with_word_stamps_moves_its_words():
    lines = read("[00:10.00][00:50.00]<00:10.00>la <00:11.00>lo<00:12.00>").lines
    assert [word.start_ms for word in lines[1].words] == [50_000, 51_000]
    assert lines[1].end_ms == 52_000


def test_stamps_that_step_back_are_held():
    assert words("[00:05.00]<00:05.00>a <00:04.00>b <00:06.00>") == [
        ("a", 5_000, 5_000, False),
        ("b", 5_000, 6_000, False),
    ]


def test_words_that_look_like_stamps_stay_words():
    line = LyricLine("meet [12:30] <01:00>", 1_000, 2_000, (LyricWord(1_000, 2_000, "[12:30]"),))
    assert spans(write(Lyrics((line,)), "lrc")) == [("meet [ 12:30] < 01:00>", 1_000, 2_000)]
    assert words(write(Lyrics((line,)), "elrc")) == [("[ 12:30]", 1_000, 2_000, False)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[00:01.00]a\n[-00:01.00]b", "Line 2: -1.00 s is before the song begins"),
        ("[00:01.00]a\n\n[9999:00.00]b", "Line 3: a time beyond 24 hours"),
        ("[00:01.00]a\n[99999999999999999999:00]b", "Line 2: [99999999999999"),
        ("[00:01.00]a <99999:00.00>b", "Line 1: a time beyond"),
        ("[offset:soon]\n[00:01.00]a", "Line 1: 'soon' is no offset"),
        ("[offset:99999999]\n[00:01.00]a", "Line 1: '99999999' is no offset"),
        (f"[ti:{'x' * 2_000}]\n[00:01.00]a", "Line 1: a name may have"),
    ],
)
def test_what_no_song_can_have_is_refused_by_line(text, place):
    with pytest.raises(errors.ValidationError, match=r"^Line \d+: ") as refused:
        read(text)
    assert refused.value.message.startswith(place)


def test_lyrics_that_nobody_timed_are_not_written_as_lrc():
    with pytest.raises(errors.ValidationError, match="No line of these lyrics has a time"):
        write(Lyrics((LyricLine("la"),)), "lrc")
