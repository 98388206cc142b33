"""The rules of subtitles, on speech as people speak it, and on words as bad as they come."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto.domain.columns import count_columns, cut_letters
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.exports.breaks import COLUMNS_PER_SECOND, GAP_MS, LONGEST_MS, ORPHAN_COLUMNS, SHORTEST_MS
from tenuto.exports.cues import DRAWN_MS, PAUSE_MS, make_cues
from tenuto.exports.wrap import LINE_COLUMNS
from unit.exports.strategies import transcripts

bounded = settings(max_examples=60, deadline=None, database=None)
letters = st.text("abcdefghijklmnop", min_size=1, max_size=11)
marks = st.sampled_from(["", "", "", "", "", ",", ".", ".", "?"])


@st.composite
def speech(draw):
    """Words at a human pace, in segments that end anywhere."""
    time_ms, words, segments = 0, [], []
    for _ in range(draw(st.integers(1, 60))):
        text = draw(letters) + draw(marks)
        length_ms = 45 * len(text) + draw(st.integers(80, 300))
        words.append(Word(time_ms, time_ms + length_ms, text))
        time_ms += length_ms + draw(st.sampled_from([0, 0, 0, 30, 250, 600, 3000]))
        if draw(st.integers(0, 9)) == 0:
            segments.append(words)
            words = []
    spoken = [each for each in [*segments, words] if each]
    return Transcript(tuple(segment_of(each) for each in spoken))


def segment_of(words):
    return Segment(words[0].start_ms, words[-1].end_ms, " ".join(word.text for word in words), words=tuple(words))


def talk(text, *, word_ms=300, pause_ms=0, after=()):
    """One segment; `after` names words that a longer pause of 900 ms follows."""
    time_ms, words = 0, []
    for word in text.split():
        words.append(Word(time_ms, time_ms + word_ms, word))
        time_ms += word_ms + (900 if word in after else pause_ms)
    return Transcript((segment_of(words),))


def shown(transcript):
    return ["|".join(cue.texts) for cue in make_cues(transcript, labelled=False)]


def width(cue):
    return sum(map(count_columns, cue.texts))


@given(speech())
@bounded
def test_each_cue_keeps_the_rules(transcript):
    cues = make_cues(transcript, labelled=False)
    for cue, after in [*pairwise(cues), (cues[-1], None)]:
        assert len(cue.lines) <= 2
        assert all(count_columns(line) <= LINE_COLUMNS for line in cue.texts)
        assert cue.end_ms - cue.start_ms <= LONGEST_MS
        assert after is None or cue.end_ms <= after.start_ms - GAP_MS
        # Too short or too fast is only what the next cue leaves no room for.
        free = after is None or cue.end_ms < after.start_ms - GAP_MS
        if free and cue.end_ms - cue.start_ms < LONGEST_MS:
            assert cue.end_ms - cue.start_ms >= SHORTEST_MS
            assert width(cue) * 1000 <= COLUMNS_PER_SECOND * (cue.end_ms - cue.start_ms)


@given(speech())
@bounded
def test_no_short_word_stands_alone(transcript):
    words = [word for segment in transcript.segments for word in segment.words]
    silent_before = {b.start_ms for a, b in pairwise(words) if b.start_ms - a.end_ms >= PAUSE_MS} | {words[0].start_ms}
    silent_after = {a.text for a, b in pairwise(words) if b.start_ms - a.end_ms >= PAUSE_MS} | {words[-1].text}
    for cue in make_cues(transcript, labelled=False):
        for line in cue.texts:
            if " " not in line and count_columns(line) <= ORPHAN_COLUMNS:
                # Its speaker was silent before it and after it.
                assert len(cue.lines) == 1
                assert cue.start_ms in silent_before
                assert line in silent_after


@given(speech())
@bounded
def test_each_cue_starts_with_its_first_word(transcript):
    said = [word for segment in transcript.segments for word in segment.words]
    for cue in make_cues(transcript, labelled=False):
        count = " ".join(cue.texts).count(" ") + 1
        here, said = said[:count], said[count:]
        assert " ".join(cue.texts).split() == [word.text for word in here]
        assert cue.start_ms == here[0].start_ms
    assert not said


@given(transcripts())
@bounded
def test_widths_hold_whatever_comes(transcript):
    for labelled in (True, False):
        cues = make_cues(transcript, labelled=labelled)
        assert [cue.start_ms for cue in cues] == sorted(cue.start_ms for cue in cues)
        for cue in cues:
            assert DRAWN_MS <= cue.end_ms - cue.start_ms <= LONGEST_MS
            assert 1 <= len(cue.lines) <= 2
            for line in cue.texts:
                assert line == line.strip() != ""
                assert count_columns(line) <= LINE_COLUMNS or len(list(cut_letters(line))) == 1


def test_a_cue_ends_with_its_sentence():
    text = "We went home early. Nobody had seen the dog that day, and the door was still open when we came."
    assert shown(talk(text)) == [
        "We went home early.",
        "Nobody had seen the dog that day,|and the door was still open when we came.",
    ]


def test_a_cue_ends_where_somebody_breathes():
    text = "we went there with all of them and nobody knew what to say about it so that was it for everybody"
    assert shown(talk(text, after=["knew"])) == [
        "we went there with all|of them and nobody knew",
        "what to say about it so|that was it for everybody",
    ]


def test_segments_of_one_breath_are_cut_as_one():
    whole = talk("Well I think that we should. Go home now my friends").segments[0].words
    parts = (segment_of(whole[:6]), segment_of(whole[6:7]), segment_of(whole[7:]))
    assert shown(Transcript(parts)) == ["Well I think that we should.|Go home now my friends"]


def test_the_last_word_is_not_left_over():
    assert shown(talk("x" * 20 + " " + "y" * 20 + " zz")) == ["x" * 20 + "|" + "y" * 20 + " zz"]


def test_who_speaks_fast_is_read_in_the_pause_that_follows():
    fast = talk("everybody understands something eventually", word_ms=100)
    (cue,) = make_cues(fast, labelled=False)
    assert cue.end_ms == -(-42 * 1000 // COLUMNS_PER_SECOND)


def test_two_frames_part_cues_that_follow_at_once():
    first, second = make_cues(talk(" ".join(["seven"] * 20)), labelled=False)
    assert second.start_ms - first.end_ms == GAP_MS == 83


def test_chinese_breaks_after_its_marks():
    text = "\u8a9e" * 30 + "\u3002" + "\u8a9e" * 40
    first, second = make_cues(Transcript((Segment(0, 12_000, text),)), labelled=False)
    assert first.texts[-1].endswith("\u3002")
    assert sum(map(len, second.texts)) == 40


def test_a_word_of_ten_thousand_letters_is_cut_at_the_width():
    cues = make_cues(Transcript((Segment(0, 600_000, "z" * 10_000),)), labelled=False)
    assert "".join("".join(cue.texts) for cue in cues) == "z" * 10_000
    assert all(len(line) <= LINE_COLUMNS for cue in cues for line in cue.texts)


def test_a_long_name_leaves_room_for_what_is_said():
    said = Segment(0, 4000, "Good morning and welcome to all of you", speaker="S1")
    cues = make_cues(Transcript((said,), speakers={"S1": "The Right Honourable " * 9}), labelled=True)
    assert " ".join(line for cue in cues for line in cue.texts).startswith("The Right Honourable Th…: Good morning and")
    assert len(cues) <= 2
