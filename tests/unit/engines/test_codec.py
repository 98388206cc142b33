import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.engines.codec import from_json, to_json

times = st.integers(0, 10**9)
shares = st.none() | st.floats(0, 1)
words = st.builds(Word, times, times, st.text(), shares)
segments = st.builds(Segment, times, times, st.text(), shares, st.none() | st.text(), st.lists(words).map(tuple))
transcripts = st.builds(
    Transcript,
    st.lists(segments, max_size=5).map(tuple),
    st.none() | st.text(),
    times,
    st.text(),
    st.text(),
    st.text(),
    st.lists(st.text()).map(tuple),
    st.dictionaries(st.text(), st.text()),
)


@given(transcripts)
def test_what_is_written_is_read_again(transcript):
    assert from_json(json.loads(json.dumps(to_json(transcript)))) == transcript


def test_every_field_is_written():
    assert set(to_json(Transcript(()))) == {item.name for item in fields(Transcript)}


@pytest.mark.parametrize(
    "data", [{}, {"segments": None}, {"segments": [3]}, {"segments": [{"start_ms": 1}]}, {"segments": [], "colour": 1}]
)
def test_foreign_json_is_refused(data):
    with pytest.raises(errors.ValidationError, match="not a transcript"):
        from_json(data)
