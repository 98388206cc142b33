"""Corrections of a transcript keep times, order and everything they do not touch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.corrections import correct_segment, correct_transcript
from tenuto.domain.lexicons import LiteralFinder, Rule
from tenuto.domain.transcripts import Segment, Transcript, Word


def finders(*pairs):
    rules = [pair if isinstance(pair, Rule) else Rule(*pair) for pair in pairs]
    return [LiteralFinder(number, rule) for number, rule in enumerate(rules)]


def spoken(text, confidence=0.5, **more):
    """A segment with a word each 100 ms, spoken for 80."""
    words = tuple(Word(at * 100, at * 100 + 80, word, confidence) for at, word in enumerate(text.split()))
    return Segment(0, 100 * len(words), text, confidence, "S1", words, **more)


def words_of(segment):
    return [(word.start_ms, word.end_ms, word.text) for word in segment.words]


def test_a_word_for_a_word_keeps_time_and_confidence():
    segment, _ = correct_segment(spoken("say teh word"), finders(("teh", "the")))
    assert segment.text == "say the word"
    assert segment.words == spoken("say the word").words
    assert (segment.speaker, segment.flags) == ("S1", ())


def test_two_words_become_one_in_their_time():
    segment, _ = correct_segment(spoken("ask open ai now"), finders(("open ai", "OpenAI")))
    assert words_of(segment) == [(0, 80, "ask"), (100, 280, "OpenAI"), (300, 380, "now")]
    assert segment.flags == ()


def test_one_word_becomes_two_by_their_letters():
    segment, _ = correct_segment(spoken("in newyorkk now"), finders(("newyorkk", "New York")))
    assert words_of(segment) == [(0, 80, "in"), (100, 134, "New"), (134, 180, "York"), (200, 280, "now")]
    assert segment.flags == ("guessed_times",)
    assert {word.confidence for word in segment.words} == {0.5}


def test_a_word_that_goes_leaves_the_others_in_place():
    segment, _ = correct_segment(spoken("so um, yes"), finders(("um,", "")))
    assert (segment.text, words_of(segment)) == ("so yes", [(0, 80, "so"), (200, 280, "yes")])


def test_punctuation_at_a_word_stays_with_it():
    segment, _ = correct_segment(spoken("in berlinn, yes"), finders(("berlinn", "Berlin")))
    assert [word.text for word in segment.words] == ["in", "Berlin,", "yes"]


def test_a_word_is_corrected_in_several_places():
    segment, changes = correct_segment(spoken("die strasse strasse"), finders(Rule("s", "z", "part")))
    assert (words_of(segment)[1], len(changes)) == ((100, 180, "ztrazze"), 6)


def test_words_without_spaces_change_with_their_text():
    words = tuple(Word(at * 10, at * 10 + 10, letter, None) for at, letter in enumerate("東京都に"))
    segment, _ = correct_segment(Segment(0, 40, "東京都に", words=words), finders(Rule("東京", "大阪", "part")))
    assert (segment.text, words_of(segment)) == ("大阪都に", [(0, 20, "大阪"), (20, 30, "都"), (30, 40, "に")])


def test_a_segment_without_words_changes_its_text_only():
    segment, changes = correct_segment(Segment(5, 9, "teh end", 0.2), finders(("teh", "the")))
    assert segment == Segment(5, 9, "the end", 0.2)
    assert len(changes) == 1


def test_words_that_are_not_the_texts_are_corrected_by_themselves():
    words = (Word(0, 10, "Teh"), Word(10, 20, "End"))
    segment, _ = correct_segment(Segment(0, 20, "Well, teh: end!", words=words), finders(("teh", "the")))
    assert (segment.text, [word.text for word in segment.words]) == ("Well, the: end!", ["The", "End"])


def test_no_rule_reaches_over_the_end_of_a_segment():
    transcript = Transcript((spoken("open"), spoken("ai")))
    assert correct_transcript(transcript, finders(("open ai", "OpenAI"))) == (transcript, ())


def test_corrections_say_where_they_were_made():
    transcript = Transcript((spoken("one"), Segment(700, 900, "teh teh")), language="en", title="Talk")
    found, made = correct_transcript(transcript, finders(("teh", "the")))
    assert (found.text, found.title, found.segments[0]) == ("one the the", "Talk", transcript.segments[0])
    assert [(item.position, item.start_ms, item.change.start) for item in made] == [(1, 700, 0), (1, 700, 4)]


alphabet = st.sampled_from(["teh", "um", "open", "ai", "a", "東京", "b.", "Teh,", "éa", "и"])
lists = st.lists(alphabet, min_size=1, max_size=12)
some_rules = st.lists(
    st.sampled_from(
        [
            Rule("teh", "the"),
            Rule("um", ""),
            Rule("open ai", "OpenAI"),
            Rule("a", "alpha beta"),
            Rule("東京", "大 阪", "part"),
            Rule("a b", "ab"),
        ]
    ),
    max_size=4,
)


@given(lists, some_rules, st.sampled_from([" ", "  ", " \n"]))
def test_words_outside_changes_are_unchanged_and_order_is_kept(words, rules, gap):
    before = spoken(gap.join(words))
    after, changes = correct_segment(before, finders(*rules))
    assert [word.text for word in after.words] == after.text.split()
    starts = [word.start_ms for word in after.words]
    assert starts == sorted(starts)
    assert all(word.start_ms <= word.end_ms for word in after.words)
    touched, place = set(), 0
    for index, word in enumerate(words):
        if any(change.start < place + len(word) and change.end > place for change in changes):
            touched.add(index)
        place += len(word) + len(gap)
    untouched = [word for index, word in enumerate(before.words) if index not in touched]
    kept = iter(after.words)
    assert all(word in kept for word in untouched)
    if not changes:
        assert after is before


@pytest.mark.parametrize("gap", ["-", ""])
def test_words_grown_together_are_one(gap):
    class Glue:
        number = 0

        def places(self, _sight):
            return None

        def matches(self, sight):
            place = sight.text.index(" ")
            yield place, place + 1, gap

    segment, _ = correct_segment(spoken("e mail yes"), [Glue()])
    assert words_of(segment) == [(0, 180, f"e{gap}mail"), (200, 280, "yes")]


some_texts = st.lists(st.lists(alphabet, max_size=6).map(" ".join), max_size=6)


@given(some_texts, some_rules)
def test_a_whole_transcript_is_corrected_as_its_segments_are(texts, rules):
    segments = tuple(spoken(text) for text in texts)
    whole, made = correct_transcript(Transcript(segments), finders(*rules))
    single = [correct_segment(segment, finders(*rules)) for segment in segments]
    assert whole.segments == tuple(segment for segment, _ in single)
    assert [item.change for item in made] == [change for _, changes in single for change in changes]


def test_a_rule_that_may_match_anywhere_is_asked_everywhere():
    class Start:
        number = 7

        def places(self, _sight):
            return None

        def matches(self, _sight):
            yield 0, 1, "A"

    found, made = correct_transcript(Transcript((spoken("x y"), spoken("z"))), [Start()])
    assert (found.text, [item.change.rule for item in made]) == ("A y A", [7, 7])


def test_a_phrase_over_a_border_hides_none_behind_it():
    _, made = correct_transcript(Transcript((spoken("x a"), spoken("a a"))), finders(("a a", "b")))
    assert [(item.position, item.change.old) for item in made] == [(1, "a a")]
