"""Prose from segments: paragraphs, and sentences where none were heard."""

from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.prose import PARAGRAPH_MAX_MS, PARAGRAPH_PAUSE_MS, paragraphs
from tenuto.domain.transcripts import Segment, Transcript

texts = st.text("abcXYZ 019 .,!? абвЭЮЯ \u4e00\u4e8c \u0905\u0906", max_size=20)


def prose(*segments):
    transcript = Transcript(tuple(segments))
    return paragraphs(transcript, heard=transcript.text)


def test_a_long_pause_begins_a_paragraph():
    near, far = 1000 + PARAGRAPH_PAUSE_MS - 1, 1000 + PARAGRAPH_PAUSE_MS
    assert prose(Segment(0, 1000, "One."), Segment(near, near + 1, "Two.")) == "One. Two."
    assert prose(Segment(0, 1000, "One."), Segment(far, far + 1, "Two.")) == "One.\n\nTwo."


def test_another_speaker_begins_a_paragraph():
    assert prose(Segment(0, 1, "One.", speaker="A"), Segment(1, 2, "Two.", speaker="B")) == "One.\n\nTwo."


def test_a_paragraph_does_not_go_on_for_ever():
    second = Segment(1000, PARAGRAPH_MAX_MS, "Two.")
    assert prose(Segment(0, 1000, "One."), second) == "One.\n\nTwo."


def test_an_engine_without_case_gets_sentences():
    assert prose(Segment(0, 1, "hello  there"), Segment(1, 2, "is it you?")) == "Hello there. Is it you?"


def test_an_engine_with_case_keeps_its_own():
    assert prose(Segment(0, 1, "Hello"), Segment(1, 2, "there")) == "Hello there"


def test_a_capital_that_came_later_takes_no_sentence_apart():
    edited = Transcript((Segment(0, 1, "hello Peter"), Segment(1, 2, "is it you")))
    assert paragraphs(edited, heard="hello peter is it you") == "Hello Peter. Is it you."


def test_silence_makes_no_paragraph():
    assert prose(Segment(0, 1, "  "), Segment(90_000, 90_001, "")) == ""


@given(st.lists(texts, max_size=8))
def test_no_word_is_lost_or_turned_around(said):
    def letters(text):
        return [character for character in text.casefold() if character.isalnum()]

    segments = [Segment(index, index + 1, text) for index, text in enumerate(said)]
    assert letters(prose(*segments)) == letters("".join(said))
