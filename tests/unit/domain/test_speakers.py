"""Words go to the turns they fall into, and none is lost on the way."""

from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.speakers import Turn, TurnFinder, assign, count_turns, cut_text
from tenuto.domain.transcripts import Segment, Transcript, Word

LETTERS = st.text(st.sampled_from("abxyzäЖ語ا'-"), min_size=1, max_size=5)
GAPS = st.integers(0, 900)


@st.composite
def segments_of(draw):
    """Segments of words in order, with text as engines give it: punctuation, and now and then no spaces or no words."""
    found, at = [], 0
    for _ in range(draw(st.integers(1, 5))):
        words = []
        for text in draw(st.lists(LETTERS, max_size=6)):
            start = at + draw(GAPS)
            at = start + draw(st.integers(0, 700))
            words.append(Word(start, at, text))
        between = draw(st.sampled_from([" ", ", ", ""]))
        text = draw(st.sampled_from(["", "[fake] "])) + between.join(word.text for word in words)
        start = words[0].start_ms if words else at
        found.append(Segment(start, max(at, start), text or "...", words=tuple(words)))
    return found


@st.composite
def turns_of(draw):
    starts = sorted(draw(st.lists(st.integers(0, 20_000), max_size=8)))
    return [Turn(start, start + draw(st.integers(1, 4000)), draw(st.integers(0, 3))) for start in starts]


def letters(text):
    return "".join(text.split())


@given(segments_of(), turns_of())
def test_no_word_and_no_letter_is_lost(segments, turns):
    said, labels = assign(Transcript(tuple(segments)), turns)
    before = [word for segment in segments for word in segment.words]
    assert [word for segment in said.segments for word in segment.words] == before
    assert letters("".join(s.text for s in said.segments)) == letters("".join(s.text for s in segments))
    assert [segment.start_ms for segment in said.segments] == sorted(segment.start_ms for segment in said.segments)
    assert all(segment.end_ms >= segment.start_ms for segment in said.segments)
    assert all((segment.speaker is None) == (not turns) for segment in said.segments)
    assert list(labels.values()) == [f"S{number}" for number in range(1, len(labels) + 1)]
    assert list(dict.fromkeys(s.speaker for s in said.segments if s.speaker)) == list(labels.values())


@given(segments_of(), turns_of())
def test_each_word_has_the_speaker_of_most_of_its_time(segments, turns):
    said, labels = assign(Transcript(tuple(segments)), turns)
    numbers = {label: number for number, label in labels.items()}
    for segment in said.segments:
        for word in segment.words:
            shares = {}
            for turn in turns:
                length = min(word.end_ms, turn.end_ms) - max(word.start_ms, turn.start_ms)
                shares[turn.speaker] = shares.get(turn.speaker, 0) + max(0, length)
            if any(shares.values()):
                assert shares[numbers[segment.speaker]] == max(shares.values())


@given(turns_of(), st.integers(0, 25_000), st.integers(0, 2000))
def test_who_speaks_outside_of_all_turns_is_the_nearest(turns, start, length):
    found = TurnFinder(turns).speaker_at(start, start + length)
    apart = [max(turn.start_ms - start - length, start - turn.end_ms) for turn in turns]
    if apart and min(apart) > 0:
        assert found in {turn.speaker for turn, far in zip(turns, apart, strict=True) if far == min(apart)}


def test_a_segment_is_split_where_the_speaker_changes():
    words = (Word(0, 400, "Ready?", 0.5), Word(450, 600, "Yes.", 0.9), Word(650, 900, "Go!", 0.7))
    said, _ = assign(
        Transcript((Segment(0, 1000, "Ready? Yes. Go!", 0.7, words=words),)), [Turn(0, 420, 5), Turn(430, 1000, 2)]
    )
    assert [(s.start_ms, s.end_ms, s.text, s.confidence, s.speaker) for s in said.segments] == [
        (0, 400, "Ready?", 0.5, "S1"),
        (450, 1000, "Yes. Go!", 0.8, "S2"),
    ]


def test_words_that_are_not_in_the_text_make_the_text():
    runs = [[Word(0, 1, "one"), Word(1, 2, "two")], [Word(2, 3, "three")]]
    assert cut_text("1 2 3", runs) == ["one two", "three"]
    assert cut_text("(one, two); three", runs) == ["(one, two);", "three"]
    assert cut_text("一二三四", [[Word(0, 1, "一"), Word(1, 2, "二")], [Word(2, 3, "三")]]) == ["一二", "三四"]


def test_turns_are_runs_and_not_segments():
    assert count_turns(["S1", "S1", "S2", None, "S2", "S1"]) == {"S1": 2, "S2": 2}
    assert count_turns([]) == {}
