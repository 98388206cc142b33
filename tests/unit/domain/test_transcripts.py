"""The shape of what was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.media import Block, MediaInfo, MediaLimits
from tenuto.domain.transcripts import Segment, Transcript, Word


def say(text, confidence=None, words=()):
    return Segment(0, 10, text, confidence=confidence, words=words)


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_shifting_moves_words_with_their_segment_and_back(there, more):
    segment = Segment(5, 20, "a b", 0.5, "S1", (Word(5, 9, "a", 0.1), Word(10, 20, "b")))
    moved = segment.shifted(there)
    assert (moved.start_ms, moved.end_ms) == (5 + there, 20 + there)
    assert [word.start_ms for word in moved.words] == [5 + there, 10 + there]
    assert moved.shifted(more) == segment.shifted(there + more)
    assert moved.shifted(-there) == segment


def test_the_text_leaves_silence_out():
    assert Transcript((say(" one "), say("  "), say(""), say("two"))).text == "one two"


def test_confidence_is_the_mean_over_words_then_over_segments():
    words = (Word(0, 1, "a", 0.2), Word(1, 2, "b", 0.4), Word(2, 3, "c"))
    assert Transcript((say("a b c", 0.9, words),)).confidence == pytest.approx(0.3)
    assert Transcript((say("a", 0.5), say("b", 0.7), say("c"))).confidence == pytest.approx(0.6)
    assert Transcript((say("a"),)).confidence is None
    assert Transcript(()).confidence is None


def test_media_facts_are_values():
    info = MediaInfo("wav", "pcm_s16le", "audio/wav", 1000, 16_000, 1)
    assert info == MediaInfo("wav", "pcm_s16le", "audio/wav", 1000, 16_000, 1, truncated=False, warnings=(), title="")
    assert Block(0, 0, 10) != Block(1, 0, 10)
    assert MediaLimits().max_duration_seconds == 12 * 3600
