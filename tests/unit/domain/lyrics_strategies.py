"""Lyrics as a song may have them: in any script, timed by lines, by words, by syllables or not at all."""

from hypothesis import strategies as st

from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord, spelled

LONGEST_MS = 3 * 3600 * 1000
TRAPS = [
    "[00:01.00]",
    "[ti:trap]",
    "<00:02.50>",
    "[offset:900]",
    "[99999:00.00]",
    "#BPM:300",
    "#TITLE:trap",
    ": 0 4 0 trap",
    "- 17",
    "E",
    "P1",
    "~",
    "-",
    "{\\an8}",
    "\\N",
    "}{",
    "{",
    "-->",
    "\n\n",
    "\r\n",
    "\u2028",
    "\x00",
    "\x1b[2J",
    "\ufeff",
    "\ud800",
    "\u202eabc",
    "שלום",
    "مرحبا",
    "e\u0301",
    "👩‍👩‍👧‍👦",
    "🇩🇪🇫🇷",
    "क्षि",
    "日本語",
    "\u3000",
    "\xa0",
    "a" * 70,
    "<i>",
    "Dialogue: 0,0:00:00.00,0:00:01.00,x,,0,0,0,,y",
    "",
    " ",
]
characters = st.characters(exclude_categories=())
# Texts as tenuto keeps them: one line, without white space around, control characters and what a format reads as its own.
clean_letters = st.sampled_from("abcdeäßñ'!?,.אبж日本😀é")
clean_words = st.text(clean_letters, min_size=1, max_size=8)
hostile = st.one_of(
    st.text(characters, max_size=40),
    st.lists(st.sampled_from(TRAPS), max_size=5).map(" ".join),
    st.lists(st.sampled_from(TRAPS), max_size=4).map("".join),
)
confidences = st.none() | st.floats(0, 1)
any_kind = st.none()


@st.composite
def timed_words(draw, words, count):
    """Words and syllables in order; some follow at once, some after a pause."""
    edges = sorted(draw(st.lists(st.integers(0, LONGEST_MS), min_size=2 * count, max_size=2 * count)))
    pitches = st.none() | st.integers(21, 108)
    made = []
    for number in range(count):
        start, end = edges[2 * number], edges[2 * number + 1]
        if number and draw(st.booleans()):
            start = made[-1].end_ms
        joined = number < count - 1 and draw(st.booleans())
        made.append(LyricWord(start, end, draw(words), draw(pitches), joined))
    return tuple(made)


@st.composite
def lines(draw, words=clean_words, timed=None):
    kind = draw(st.sampled_from(["words", "line", "start", "untimed", "empty"])) if timed is None else timed
    if kind == "empty":
        return LyricLine("")
    if kind == "words":
        parts = draw(timed_words(words, draw(st.integers(1, 5))))
        return LyricLine(spelled(parts), parts[0].start_ms, parts[-1].end_ms, parts, draw(confidences))
    text = " ".join(draw(st.lists(words, min_size=1, max_size=6)))
    if kind == "untimed":
        return LyricLine(text)
    start = draw(st.integers(0, LONGEST_MS))
    end = draw(st.integers(start, start + 20_000)) if kind == "line" else None
    return LyricLine(text, start, end, confidence=draw(confidences))


@st.composite
def lyrics(draw, words=clean_words, timed=any_kind):
    """Lyrics, their lines in any order; `timed` draws which kind of line each is."""
    names = st.just("") | words
    made = [draw(lines(words, draw(timed))) for _ in range(draw(st.integers(1, 7)))]
    return Lyrics(
        tuple(made),
        title=draw(names),
        artist=draw(names),
        album=draw(names),
        language=draw(st.none() | st.sampled_from(["en", "de", "ja", "xx"])),
        offset_ms=draw(st.sampled_from([0, 0, 250, -1_000, 90_000])),
    )
