"""Transcripts as bad as they come: any text, any time up to 200 hours, overlaps, and words that fit or do not."""

from hypothesis import strategies as st

from tenuto.domain.transcripts import FLAGS, Segment, Transcript, Word

LONGEST_MS = 200 * 3600 * 1000

# Every code point, lone surrogates and noncharacters included.
characters = st.characters(exclude_categories=())
TRAPS = [
    "-->",
    "00:00:01,000 --> 00:00:02,000",
    "\n\n",
    "\r\n\r\n1\r\n",
    "\u2028",
    "\x00",
    "\x1b[2J",
    "\ud800",
    "\udc00",
    "\ufeff",
    "&amp;",
    "</v><c>",
    "STYLE\n::cue{background:url(x)}\n\n",
    "NOTE ",
    "WEBVTT",
    "{\\an8}",
    "<i>",
    "=1+1",
    ";=1",
    '";@x',
    "\t+1",
    "\uff1d1",
    "-5",
    '"',
    "'",
    "\u202eabc",
    "שלום",
    "مرحبا",
    "e\u0301",
    "👩‍👩‍👧‍👦",
    "🇩🇪🇫🇷",
    "👍🏽",
    "क्षि",
    "日本語の文章です。",
    "\u3000",
    "\xa0",
    "word",
    "a" * 60,
    "\U0001f3f4\u200d\u2620\ufe0f",
    "z" * 300,
    "# head",
    "**bold** _it_ ~~no~~ `code`",
    "![i](http://x.example/i.png)",
    "[a](javascript:alert(1))",
    "<javascript:alert(1)> <https://x.example>",
    "<img src=x onerror=alert(1)>",
    "https://x.example www.x.example a@x.example",
    "| a | b |",
    "- [ ] 1. > :smile: $x$",
    "\\",
    "\ufffe\uffff",
    " ",
]
texts = st.one_of(
    st.text(characters, max_size=60),
    st.lists(st.sampled_from(TRAPS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(TRAPS), max_size=8).map("".join),
)
times = st.one_of(st.integers(0, LONGEST_MS), st.integers(0, 5_000))
confidences = st.none() | st.floats(0, 1)
odd_confidences = confidences | st.sampled_from([float("nan"), float("inf"), float("-inf")])


@st.composite
def words(draw):
    start = draw(times)
    return Word(start, draw(times), draw(texts), draw(odd_confidences))


@st.composite
def fitting_words(draw, text, start, end):
    """The words of `text`, in order, within the segment."""
    parts = text.split()
    edges = sorted(draw(st.lists(st.integers(start, end), min_size=2 * len(parts), max_size=2 * len(parts))))
    return tuple(Word(edges[2 * i], edges[2 * i + 1], part, draw(confidences)) for i, part in enumerate(parts))


@st.composite
def segments(draw):
    start = draw(times)
    end = draw(st.one_of(st.just(start), st.integers(start, start + 30_000), times))
    text = draw(texts)
    fitting = draw(st.booleans()) and end >= start
    inner = draw(fitting_words(text, start, end)) if fitting else tuple(draw(st.lists(words(), max_size=3)))
    speaker = draw(st.none() | st.sampled_from(["S1", "S2", ""]) | texts)
    flags = tuple(draw(st.lists(st.sampled_from([*FLAGS, "\ud800"]), max_size=2)))
    return Segment(start, end, text, draw(odd_confidences), speaker, inner, flags)


@st.composite
def transcripts(draw):
    return Transcript(
        segments=tuple(draw(st.lists(segments(), max_size=6))),
        language=draw(st.none() | st.sampled_from(["en", "de", "ar"])),
        duration_ms=draw(times),
        engine=draw(texts),
        model=draw(texts),
        title=draw(texts),
        warnings=tuple(draw(st.lists(texts, max_size=2))),
        speakers=draw(st.dictionaries(st.sampled_from(["S1", "S2"]), texts)),
    )
