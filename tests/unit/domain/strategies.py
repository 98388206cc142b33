"""Transcripts and edits as hypothesis makes them."""

from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain import editing
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.domain.wording import letters

WORDS = [
    "a",
    "the",
    "two",
    "Two,",
    "don't",
    "naïve",
    "привет",
    "γεια",
    "नमस्ते",
    "مرحبا",
    "你好",
    "世界",
    "ไทย",
    "20",
    "%",
    "e\u0301",
    "[x]",
]
LABELS = ["S1", "S2", "S3", None]


@st.composite
def segments(draw, start=0):
    """A segment whose words stand in order, are its text, and lie within it."""
    texts = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
    words, clock = [], start + draw(st.integers(0, 500))
    begin = clock
    for text in texts:
        clock += draw(st.integers(0, 200))
        length = 40 * letters(text) + draw(st.integers(0, 100))
        words.append(Word(clock, clock + length, text, draw(st.sampled_from([None, 0.5, 0.9]))))
        clock += length
    kept = tuple(words) if draw(st.booleans()) else ()
    end = clock + draw(st.integers(0, 300))
    return Segment(
        begin, end, " ".join(texts), draw(st.sampled_from([None, 0.25])), draw(st.sampled_from(LABELS)), kept
    )


@st.composite
def transcripts(draw, least=0):
    """A transcript of a few segments."""
    made, clock = [], 0
    for _ in range(draw(st.integers(least, 6))):
        made.append(draw(segments(clock)))
        clock = made[-1].end_ms
    names = draw(st.dictionaries(st.sampled_from(["S1", "S2"]), st.sampled_from(["Ada", "Bob"])))
    spoken = {segment.speaker for segment in made}
    return Transcript(tuple(made), duration_ms=clock, speakers={k: v for k, v in names.items() if k in spoken})


texts = st.lists(st.sampled_from([*WORDS, "new", "新"]), min_size=1, max_size=8).map(" ".join)
places = st.integers(0, 6)


@st.composite
def edits(draw):
    """(name, change): one operation with whatever arguments; it may refuse them."""
    at, other, label = draw(places), draw(places), draw(st.sampled_from(["S1", "S2", "S3", "S4"]))
    some = draw(st.lists(places, min_size=1, max_size=3))
    text = draw(texts)
    return draw(
        st.sampled_from(
            [
                ("correct_text", lambda t: editing.correct_text(t, at, text)),
                ("split_at_word", lambda t: editing.split_at_word(t, at, other)),
                ("split_at_character", lambda t: editing.split_at_character(t, at, other)),
                ("merge", lambda t: editing.merge(t, at, other)),
                ("delete", lambda t: editing.delete(t, at)),
                ("assign", lambda t: editing.assign(t, some, label)),
                ("assign_words", lambda t: editing.assign_words(t, at, (0, other), label)),
                ("rename_speaker", lambda t: editing.rename_speaker(t, label, text[:20])),
                ("merge_speakers", lambda t: editing.merge_speakers(t, label, "S1")),
                ("split_speaker", lambda t: editing.split_speaker(t, label, some)),
            ]
        )
    )


def attempt(change, transcript):
    """What a change makes of a transcript; one that is refused makes nothing of it."""
    try:
        return change(transcript).transcript
    except (errors.ValidationError, errors.NotFound):
        return transcript
