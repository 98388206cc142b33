"""UltraStar songs as their makers write them, case by case."""

import pytest

from tenuto import errors
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord
from tenuto.exports.lyrics import detect, read, ultrastar, write

# At 300 beats per minute a beat of the file lasts 50 ms.
HEAD = "#TITLE:Song\n#ARTIST:Band\n#LANGUAGE:German\n#ALBUM:Disc\n#MP3:song.mp3\n#BPM:300\n#GAP:1000\n"


def spans(text):
    return [(line.text, line.start_ms, line.end_ms) for line in read(text, "ultrastar").lines]


def words(text):
    return [(word.text, word.start_ms, word.end_ms, word.pitch) for word in read(text).lines[0].words]


def test_tags_name_the_song():
    song = read(HEAD + ": 0 4 0 la\nE\nwhatever follows")
    assert (song.title, song.artist, song.album, song.language) == ("Song", "Band", "Disc", "de")


def test_notes_have_times_and_pitches():
    assert words(HEAD + ": 0 4 0 Down \n* 4 4 12 by\nE") == [("Down", 1_000, 1_200, 60), ("by", 1_200, 1_400, 72)]


def test_freestyle_and_rap_have_no_pitch():
    assert [pitch for *_, pitch in words(HEAD + "F 0 4 5 a \nR 4 4 5 b \nG 8 4 5 c\nE")] == [None, None, None]


def test_the_tempo_may_have_a_comma_and_the_gap_a_fraction():
    text = HEAD.replace("300", "299,5").replace("1000", "999.5")
    ((_, start, end),) = spans(text + ": 0 2995 0 la\nE")
    assert (start, end) == (1_000, 151_000)


def test_syllables_are_joined_and_spaces_part_words_on_either_side():
    text = HEAD + ": 0 2 0 ri\n: 2 2 0 ver \n: 4 2 0 side\n: 6 2 0  home\nE"
    line = read(text).lines[0]
    assert line.text == "river side home"
    assert [word.joined for word in line.words] == [True, False, False, False]


def test_a_held_note_lengthens_the_syllable_before_it():
    text = HEAD + ": 0 2 0 glo\n: 2 6 3 ~ \n: 8 2 0 ri\n: 10 2 0 ~a\nE"
    assert words(text) == [("glo", 1_000, 1_400, 60), ("ri", 1_400, 1_500, 60), ("a", 1_500, 1_600, 60)]
    assert read(text).text == "glo ria"


def test_a_held_note_before_any_syllable_is_left_out():
    assert words(HEAD + ": 0 2 0 ~\n: 2 2 0 la\nE") == [("la", 1_100, 1_200, 60)]


def test_an_empty_gap_is_none_and_a_language_nobody_knows_is_left_out():
    text = HEAD.replace("#GAP:1000", "#GAP:").replace("German", "Klingon, German")
    assert spans(text + ": 0 4 0 la") == [("la", 0, 200)]
    assert read(text + ": 0 4 0 la").language is None


def test_line_breaks_have_one_number_or_two():
    assert spans(HEAD + ": 0 4 0 a\n- 6\n: 10 4 0 b\n- 16 18\n: 20 4 0 c\nE") == [
        ("a", 1_000, 1_200),
        ("b", 1_500, 1_700),
        ("c", 2_000, 2_200),
    ]


def test_relative_files_count_from_each_line():
    text = "#RELATIVE:YES\n" + HEAD + ": 0 4 0 a\n- 6 10\n: 0 4 0 b\n- 10\n: 0 4 0 c\nE"
    assert spans(text) == [("a", 1_000, 1_200), ("b", 1_500, 1_700), ("c", 2_000, 2_200)]


def test_both_voices_of_a_duet_are_read_in_the_order_they_sing():
    text = HEAD + "P1\n: 0 4 0 she\n- 5\n: 40 4 0 both\nP 2\n: 20 4 0 he\n- 25\n: 40 4 0 both\nE"
    assert [text for text, *_ in spans(text)] == ["she", "he", "both"]


def test_spaces_before_tags_and_notes_and_other_line_ends_are_read():
    assert spans("\ufeff" + (HEAD + " : 0 4 0 la\r\nE\r\n").replace("\n", "\r\n")) == [("la", 1_000, 1_200)]


def test_the_recording_is_named_as_the_game_expects_it_or_as_the_caller_says():
    song = Lyrics((LyricLine("la", 0, 1_000),), title="Song", artist="Band")
    assert "#MP3:Band - Song.mp3\n" in write(song, "ultrastar")
    assert "#AUDIO:x.ogg\n" in ultrastar.write(song, audio="x.ogg")


def test_words_without_a_pitch_are_not_scored():
    words = (LyricWord(500, 700, "la", 64), LyricWord(700, 900, "lo"))
    written = write(Lyrics((LyricLine("la lo", 500, 900, words),)), "ultrastar")
    assert ": 0 20 4 la \nF 20 20 0 lo\nE\n" in written


def test_notes_never_overlap():
    words = (LyricWord(0, 900, "la"), LyricWord(500, 700, "lo"))
    written = write(Lyrics((LyricLine("la lo", 0, 900, words),)), "ultrastar")
    assert "F 0 50 0 la \nF 50 20 0 lo\n" in written


def test_a_tilde_that_is_sung_is_no_held_note():
    song = Lyrics((LyricLine("~ la", 0, 900, (LyricWord(0, 500, "~"), LyricWord(500, 900, "la"))),))
    assert len(read(write(song, "ultrastar")).lines[0].words) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + ": 0 4 la\nE", "Line 8: ': 0 4 la' is no note"),
        (HEAD + ": 0 4 0 la\nB 4 120\nE", "Line 9: a change of tempo"),
        ("#TITLE:x\n: 0 4 0 la\nE", "Line 2: a note stands before #BPM"),
        (HEAD.replace("300", "0") + ": 0 4 0 la", "Line 6: a tempo of 0 beats"),
        (HEAD.replace("300", "nan") + ": 0 4 0 la", "Line 6: 'nan' is no number"),
        (HEAD.replace("300", "fast") + ": 0 4 0 la", "Line 6: 'fast' is no number"),
        (HEAD.replace("1000", "inf") + ": 0 4 0 la", "Line 7: 'inf' is no number"),
        (HEAD + ": -900 4 0 la", "Line 8: -44.00 s is before the song begins"),
        (HEAD + ": 999999999 4 0 la", "Line 8: a time beyond 24 hours"),
        (HEAD + ": 0 4 900 la", "Line 8: the pitch 900 is none"),
        (HEAD + f"#EDITION:{'x' * 2_000}", "Line 8: a tag may have 1000 letters"),
        (HEAD + "E", "This UltraStar file has no notes."),
    ],
)
def test_what_cannot_be_sung_is_refused_by_line(text, message):
    with pytest.raises(errors.ValidationError) as refused:
        read(text, "ultrastar")
    assert refused.value.message.startswith(message)


def test_a_line_without_a_time_is_named():
    song = Lyrics((LyricLine("one", 0, 900), LyricLine("two")))
    for form in ("ultrastar", "ass"):
        with pytest.raises(errors.ValidationError, match=r"Line 2 \('two'\) has no time"):
            write(song, form)


def test_a_text_with_tags_and_notes_is_ultrastar():
    assert detect(HEAD + ": 0 4 0 la\nE") == "ultrastar"
    assert detect("#hashtag:of the day\nla la") == "plain"
