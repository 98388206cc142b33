import json
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain import editing
from tenuto.domain.splices import applied, between, from_json, to_json
from tenuto.domain.transcripts import Segment, Transcript, Word
from unit.domain.strategies import attempt, edits, texts, transcripts

TALK = Transcript(
    (
        Segment(
            0,
            2000,
            "I like tree music",
            0.8,
            "S1",
            (
                Word(0, 200, "I", 0.9),
                Word(250, 700, "like", 0.9),
                Word(800, 1100, "tree", 0.3),
                Word(1200, 2000, "music", 0.9),
            ),
        ),
        Segment(2500, 3000, "so do we", None, "S2"),
    ),
    speakers={"S1": "Ada"},
)


def words_of(transcript, position=0):
    return [(word.text, word.start_ms, word.end_ms) for word in transcript.segments[position].words]


def corrected(text, position=0, transcript=TALK):
    return editing.correct_text(transcript, position, text).transcript


def test_a_corrected_word_takes_the_time_of_the_wrong_one_and_the_rest_stays():
    after = corrected("I like three music")
    assert words_of(after) == [("I", 0, 200), ("like", 250, 700), ("three", 700, 1200), ("music", 1200, 2000)]
    assert after.segments[0].flags == ("edited", "guessed_times")
    assert after.segments[0].words[2].confidence is None


def test_capitals_and_commas_change_no_times():
    after = corrected("I LIKE tree, music.")
    assert [word[1:] for word in words_of(after)] == [word[1:] for word in words_of(TALK)]
    assert [word.text for word in after.segments[0].words] == ["I", "LIKE", "tree,", "music."]
    assert after.segments[0].flags == ("edited",)


def test_new_words_share_the_pause_they_were_put_into():
    assert words_of(corrected("I like tree bark and music"))[3:5] == [("bark", 1100, 1157), ("and", 1157, 1200)]
    assert words_of(corrected("I really like tree music"))[1] == ("really", 200, 250)


def test_a_word_that_is_gone_leaves_the_others_where_they_were():
    assert words_of(corrected("I like music")) == [("I", 0, 200), ("like", 250, 700), ("music", 1200, 2000)]


def test_letters_of_a_script_without_spaces_are_words_of_their_own():
    heard = Segment(0, 900, "你好世界", words=(Word(0, 400, "你好"), Word(500, 900, "世界")))
    after = corrected("你好人", transcript=Transcript((heard,)))
    assert words_of(after) == [("你好", 0, 400), ("人", 400, 900)]


def test_a_segment_without_words_has_none_afterwards():
    assert corrected("so do I", 1).segments[1] == Segment(2500, 3000, "so do I", None, "S2", (), ("edited",))


def test_a_split_before_a_word_parts_text_and_times():
    first, second = editing.split_at_word(TALK, 0, 2).transcript.segments[:2]
    assert (first.text, first.start_ms, first.end_ms, len(first.words)) == ("I like", 0, 700, 2)
    assert (second.text, second.start_ms, second.end_ms, len(second.words)) == ("tree music", 800, 2000, 2)
    assert (first.speaker, second.speaker) == ("S1", "S1")


def test_a_split_within_a_word_shares_its_time():
    first, second = editing.split_at_character(TALK, 0, 9).transcript.segments[:2]
    assert (first.text, second.text) == ("I like tr", "ee music")
    assert [(word.text, word.start_ms, word.end_ms) for word in (first.words[-1], second.words[0])] == [
        ("tr", 800, 950),
        ("ee", 950, 1100),
    ]
    assert "guessed_times" in first.flags


def test_merging_what_was_split_gives_it_back():
    apart = editing.split_at_word(TALK, 0, 2).transcript
    assert editing.merge(apart, 0, 2).transcript == TALK


def test_words_move_to_another_speaker():
    after = editing.assign_words(TALK, 0, (1, 3), "S2").transcript
    assert [(part.text, part.speaker) for part in after.segments] == [
        ("I", "S1"),
        ("like tree", "S2"),
        ("music", "S1"),
        ("so do we", "S2"),
    ]


def test_a_merged_speaker_keeps_the_name_of_the_one_it_joins():
    after = editing.merge_speakers(TALK, "S2", "S1").transcript
    assert {part.speaker for part in after.segments} == {"S1"}
    assert after.speakers == {"S1": "Ada"}


def test_a_split_speaker_gets_a_label_nobody_has():
    assert editing.split_speaker(TALK, "S1", [0]).transcript.segments[0].speaker == "S3"


def test_a_speaker_is_found_by_label_or_by_a_name_only_one_has():
    assert editing.label_of(TALK, "Ada") == "S1"
    twins = editing.rename_speaker(TALK, "S2", "Ada").transcript
    with pytest.raises(errors.ValidationError, match="S1, S2"):
        editing.label_of(twins, "Ada")


@pytest.mark.parametrize(
    "change",
    [
        lambda: editing.correct_text(TALK, 0, "  "),
        lambda: editing.split_at_word(TALK, 0, 0),
        lambda: editing.split_at_word(TALK, 0, 4),
        lambda: editing.split_at_character(TALK, 0, 0),
        lambda: editing.split_at_character(TALK, 0, 99),
        lambda: editing.merge(TALK, 0, 1),
        lambda: editing.assign(TALK, [0], "a/b"),
        lambda: editing.assign_words(TALK, 0, (2, 2), "S1"),
        lambda: editing.merge_speakers(TALK, "S1", "S1"),
        lambda: editing.split_speaker(TALK, "S1", [1]),
        lambda: editing.split_speaker(TALK, "S1", []),
        lambda: editing.split_speaker(TALK, "S1", [0], "S2"),
        lambda: editing.rename_speaker(TALK, "S1", "x" * 201),
    ],
)
def test_what_makes_no_sense_is_refused(change):
    with pytest.raises(errors.ValidationError):
        change()


@pytest.mark.parametrize(
    "change",
    [
        lambda: editing.correct_text(TALK, 2, "x"),
        lambda: editing.correct_text(TALK, -1, "x"),
        lambda: editing.merge(TALK, 1, 2),
        lambda: editing.rename_speaker(TALK, "S9", "x"),
    ],
)
def test_what_is_not_there_is_not_found(change):
    with pytest.raises(errors.NotFound):
        change()


@given(transcripts(least=1), texts, st.data())
def test_a_correction_says_what_it_was_told_and_touches_nothing_else(transcript, text, data):
    position = data.draw(st.integers(0, len(transcript.segments) - 1))
    before, after = transcript.segments[position], editing.correct_text(transcript, position, text).transcript
    assert [part for index, part in enumerate(after.segments) if index != position] == [
        part for index, part in enumerate(transcript.segments) if index != position
    ]
    changed = after.segments[position]
    assert changed.text == text
    assert bool(changed.words) == bool(before.words)
    if changed.words:
        assert "".join("".join(word.text.split()) for word in changed.words) == "".join(text.split())
    starts = [word.start_ms for word in changed.words]
    assert starts == sorted(starts)
    assert all(before.start_ms <= word.start_ms <= word.end_ms <= before.end_ms for word in changed.words)


@given(transcripts(), edits())
@example(Transcript(()), ("assign", lambda t: editing.assign(t, [], "S1")))
def test_words_are_never_lost_but_by_deleting_and_stay_in_order(transcript, edit):
    name, change = edit
    after = attempt(change, transcript)
    if name not in ("delete", "correct_text"):
        assert dense(after) == dense(transcript)
    for part in after.segments:
        assert part.start_ms <= part.end_ms
        assert [word.start_ms for word in part.words] == sorted(word.start_ms for word in part.words)


@given(transcripts(), st.lists(edits(), max_size=8))
def test_undoing_everything_gives_back_the_same_transcript(transcript, changes):
    states, splices = [transcript], []
    for _, change in changes:
        after = attempt(change, states[-1])
        splice = from_json(*json.loads(json.dumps(to_json(between(states[-1], after)))))
        assert applied(states[-1], splice) == after
        assert splice.is_empty == (after == states[-1])
        splices.append(splice)
        states.append(after)
    for splice, before in zip(reversed(splices), reversed(states[:-1]), strict=True):
        assert applied(states.pop(), splice.reversed()) == before
        states[-1] = before


def dense(transcript):
    return "".join("".join(part.text.split()) for part in transcript.segments)


@pytest.mark.parametrize("label", ["S\a1", "\u202eS1", "S/1", " S1", "", "S\n1", "S" * 61])
def test_a_label_that_cannot_be_read_is_refused(label):
    with pytest.raises(errors.ValidationError, match="letters that can be seen"):
        editing.assign(TALK, [0], label)


def test_a_text_as_long_as_a_book_is_put_in_without_comparing_every_word_with_every_other():
    random = Random(1)
    texts = [" ".join(random.choices("ab", k=5000)) for _ in range(2)]
    words = tuple(Word(number, number + 1, text) for number, text in enumerate(texts[0].split()))
    long = Transcript((Segment(0, 5000, texts[0], words=words),), duration_ms=5000)
    changed = editing.correct_text(long, 0, f"a {texts[1]}").transcript.segments[0]
    assert [word.text for word in changed.words] == f"a {texts[1]}".split()
    same = editing.correct_text(long, 0, texts[0].replace("a", "c", 1)).transcript.segments[0]
    assert sum(new == old for new, old in zip(same.words, words, strict=True)) == 4999
