"""Subtitles, case by case."""

import pytest

from tenuto.domain.columns import cut_letters
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.exports.breaks import GAP_MS
from tenuto.exports.registry import render
from unit.exports.reading import read_srt, read_vtt

HOUR_MS = 3_600_000


def srt(*segments, **fields):
    return render(Transcript(segments, **fields), "srt").decode()


def vtt(*segments, **fields):
    return render(Transcript(segments, **fields), "vtt").decode()


def timed(text, first_ms, each_ms):
    """A segment whose words follow each other evenly, with half of the time between them silent."""
    words = [
        Word(first_ms + number * each_ms, first_ms + number * each_ms + each_ms // 2, word)
        for number, word in enumerate(text.split())
    ]
    return Segment(first_ms, words[-1].end_ms, text, words=tuple(words))


def test_more_than_99_hours_are_written_out():
    segment = Segment(100 * HOUR_MS, 100 * HOUR_MS + 1500, "Late.")
    assert "100:00:00,000 --> 100:00:01,500" in srt(segment)
    assert "100:00:00.000 --> 100:00:01.500" in vtt(segment)


def test_times_keep_every_millisecond():
    assert "01:02:03,004 --> 01:02:09,999" in srt(Segment(3_723_004, 3_729_999, "x"))


@pytest.mark.parametrize("end_ms", [1000, 400, 0])
def test_a_cue_without_length_can_still_be_read(end_ms):
    assert "00:00:01,000 --> 00:00:01,833" in srt(Segment(1000, end_ms, "Oh"))


def test_overlapping_speech_stays_overlapping():
    cues = read_srt(srt(Segment(0, 3000, "One"), Segment(1000, 2000, "Two")).encode())
    assert cues == [(0, 3000, ["One"]), (1000, 2000, ["Two"])]


def test_cues_stand_in_the_order_they_start():
    cues = read_vtt(vtt(Segment(5000, 6000, "Two"), Segment(0, 1000, "One")).encode())
    assert [lines for *_, lines in cues] == [["One"], ["Two"]]


def test_blank_lines_cannot_end_a_cue():
    assert srt(Segment(0, 1000, "a\r\n\r\n2\u2028\x85b")) == "1\n00:00:00,000 --> 00:00:01,000\na 2 b\n"


def test_a_time_line_in_srt_text_is_no_time_line():
    text = srt(Segment(0, 1000, "00:00:09,000 ---> 00:00:10,000"))
    assert text.count("-->") == 1
    assert "00:00:09, 000 -> 00:00:10, 000" in text


def test_an_arrow_is_not_saved_by_the_end_of_a_line():
    lines = read_srt(srt(Segment(0, 1000, "x" * 40 + "-->" + "y" * 10)).encode())[0][2]
    assert "".join(lines) == "x" * 40 + "->" + "y" * 10


def test_braces_and_tags_stay_in_srt():
    assert "{\\an8}<i>R&B</i>\n" in srt(Segment(0, 1000, "{\\an8}<i>R&B</i>"))


def test_words_cannot_open_a_block_in_vtt():
    text = vtt(Segment(0, 4000, "x\n\nSTYLE\n::cue{}\n\nNOTE y --> z <b>&amp;"))
    assert text == "WEBVTT\n\n00:00:00.000 --> 00:00:04.000\nx STYLE ::cue{} NOTE y --&gt; z &lt;b&gt;&amp;amp;\n"


def test_a_name_cannot_break_out_of_its_voice_tag():
    text = vtt(Segment(0, 1000, "Hi", speaker="S1"), speakers={"S1": "A>\n\n<b> & B"})
    assert "<v A&gt; &lt;b&gt; &amp; B>Hi\n" in text


def test_a_known_speaker_is_named():
    said = Segment(0, 1000, "Hi", speaker="S1")
    assert "\nAnna: Hi\n" in srt(said, speakers={"S1": "Anna"})
    assert "\n<v Anna>Hi\n" in vtt(said, speakers={"S1": "Anna"})


def test_of_several_speakers_each_is_labelled_and_a_single_nameless_one_is_not():
    one, two = Segment(0, 1000, "Hi", speaker="S1"), Segment(2000, 3000, "Yes", speaker="S2")
    assert "\n<v S1>Hi\n" in vtt(one, two)
    assert "\nHi\n" in vtt(one)
    assert "\nHi\n" in vtt(one, speakers={"S1": " \x00"})
    assert "\nHi\n" in vtt(Segment(0, 1000, "Hi", speaker=""))


def test_control_characters_go_and_lone_surrogates_are_replaced():
    assert srt(Segment(0, 1000, "\ufeffa\x00\x1bb\x9b\ud800c")).endswith("\nab\ufffdc\n")


def test_direction_marks_and_mixed_scripts_stay():
    text = "שלום \u2067abc\u2069 \u200fמה? مرحبا"
    assert srt(Segment(0, 1000, text)).endswith(f"\n{text}\n")


def test_a_lone_no_break_space_stays():
    assert "Bonjour\xa0!\n" in srt(Segment(0, 1000, "Bonjour\xa0!"))


def test_a_line_of_subtitle_width_stays_one_line():
    text = "x" * 20 + " " + "y" * 21
    assert read_srt(srt(Segment(0, 3000, text)).encode()) == [(0, 3000, [text])]


def test_two_lines_are_about_equally_long():
    text = "This sentence is slightly too long for one line."
    assert read_srt(srt(Segment(0, 4000, text)).encode()) == [
        (0, 4000, ["This sentence is slightly", "too long for one line."])
    ]


def test_a_long_segment_is_cut_by_the_times_of_its_words():
    text = " ".join(f"number{number:02}" for number in range(20))
    cues = read_srt(srt(timed(text, 10_000, 1000)).encode())
    assert " ".join(line for *_, lines in cues for line in lines) == text
    assert len(cues) > 1
    for start, end, lines in cues:
        spoken = " ".join(lines).split()
        assert start == 10_000 + int(spoken[0][-2:]) * 1000
        assert end >= 10_500 + int(spoken[-1][-2:]) * 1000


def test_a_label_takes_no_time():
    said = timed(" ".join(["seven"] * 20), 0, 1000)
    named = Segment(said.start_ms, said.end_ms, said.text, speaker="A name of some length", words=said.words)
    cues = read_srt(srt(named).encode())
    count = " ".join(cues[0][2]).split().count("seven")
    assert cues[1][0] == count * 1000


def test_a_long_segment_without_words_is_cut_by_letters():
    text = " ".join(["abcde"] * 28)
    cues = read_srt(srt(Segment(0, 14_000, text)).encode())
    assert [cue[:2] for cue in cues] == [(0, 7000 - GAP_MS), (7000, 14_000)]


def test_an_edited_text_still_follows_its_words():
    words = (Word(0, 1000, "old"), Word(9000, 10_000, "one"))
    cues = read_srt(srt(Segment(0, 10_000, " ".join(["abcde"] * 28), words=words)).encode())
    assert [start for start, *_ in cues] == [0, 9000]


def test_words_that_lie_elsewhere_never_move_a_cue_out_of_its_segment():
    words = (Word(90_000, 95_000, "late"), Word(1, 2, "early"))
    cues = read_srt(srt(Segment(5000, 9000, " ".join(["abcde"] * 60), words=words)).encode())
    assert cues[0][0] == 5000
    assert cues[-1][1] >= 9000
    assert all(5000 <= start <= 9000 for start, *_ in cues)


def test_wide_letters_count_twice():
    cues = read_srt(srt(Segment(0, 4000, "語" * 30)).encode())
    assert cues == [(0, 4000, ["語" * 15, "語" * 15])]


def test_a_line_of_chinese_does_not_begin_with_a_comma():
    cues = read_srt(srt(Segment(0, 4000, "語" * 21 + "\uff0c" + "語" * 20)).encode())
    assert not [line for *_, lines in cues for line in lines if line.startswith("\uff0c")]


@pytest.mark.parametrize(
    "letters",
    [
        ["👩‍👩‍👧‍👦", "👍🏽", "❤️"],
        ["🇩🇪", "🇫🇷", "🇯🇵", "x"],
        ["e\u0301\u0323", "a"],
        ["क्षि", "क"],
        ["\u1112\u1161\u11ab", "\u1100\u1173\u11af"],
        ["🏴\U000e0067\U000e0062\U000e007f", "1\ufe0f\u20e3"],
    ],
    ids=["joined", "flags", "marks", "conjunct", "jamo", "tags"],
)
def test_what_a_reader_sees_as_one_letter_is_never_cut(letters):
    assert list(cut_letters("".join(letters))) == letters


def test_letters_stay_whole_in_a_long_word():
    family = "👩‍👩‍👧‍👦"
    cues = read_vtt(vtt(Segment(0, 9000, family * 100)).encode())
    assert all(line.startswith("👩") and line.endswith("👦") for *_, lines in cues for line in lines)
    assert "".join(line for *_, lines in cues for line in lines) == family * 100


def test_two_thousand_marks_on_one_letter_stay_together():
    zalgo = "Z" + "\u0301" * 2000
    assert read_srt(srt(Segment(0, 1000, f"{zalgo} ok")).encode()) == [(0, 1000, [f"{zalgo} ok"])]
