"""Pages: what is sung is on the screen when it is sung, once, and fits."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto.domain.columns import count_columns
from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord, closed_lines
from tenuto.domain.pages import COUNTDOWN_MS, LEAD_IN_MS, TAIL_MS, pages, wrap_line
from unit.domain.lyrics_strategies import hostile, lines, lyrics

bounded = settings(max_examples=60, deadline=None, database=None)


def sung(*spans, text="la la"):
    return [LyricLine(f"{text} {number}", start, end) for number, (start, end) in enumerate(spans)]


def texts(page):
    return [line.text for line in page.lines]


@bounded
@given(lyrics(), st.integers(1, 4))
def test_every_timed_line_is_on_one_page_when_it_is_sung(song, per_page):
    made = pages(song, per_page)
    assert [line for page in made for line in page.lines] == closed_lines(song)
    for page in made:
        assert 0 < len(page.lines) <= per_page
        assert all(page.start_ms <= line.start_ms <= page.end_ms for line in page.lines)


@bounded
@given(lyrics(), st.none() | st.integers(2, 40))
def test_pages_follow_each_other(song, columns):
    for page in pages(song, columns=columns):
        assert 0 <= page.start_ms <= page.end_ms
        assert page.countdown_ms <= min(line.start_ms for line in page.lines) - page.start_ms or not page.countdown_ms
    for before, after in pairwise(pages(song, columns=columns)):
        assert before.end_ms <= after.start_ms


@bounded
@given(lyrics(), st.integers(4, 30))
def test_pages_hold_few_lines_that_fit(song, columns):
    for page in pages(song, 3, columns=columns):
        assert len(page.lines) <= 3
        assert all(count_columns(line.text) <= columns for line in page.lines)


@bounded
@given(lines(timed="words") | lines(timed="line"), st.integers(4, 30))
def test_a_broken_line_keeps_its_letters_and_its_time(line, columns):
    rows = wrap_line(line, columns)
    letters = "".join("".join(row.text.split()) for row in rows)
    assert letters == "".join(line.text.split())
    assert (rows[0].start_ms, rows[-1].end_ms) == (line.start_ms, line.end_ms)
    for before, after in pairwise(rows):
        assert before.end_ms <= after.start_ms


@bounded
@given(lyrics(hostile, st.sampled_from(["words", "line"])), st.integers(2, 30))
def test_no_text_breaks_the_pages(song, columns):
    shown = [line for page in pages(song, columns=columns) for line in page.lines]
    assert bool(shown) == any(line.text for line in song.lines)


def test_five_lines_make_three_and_two():
    spans = [(at, at + 2_000) for at in range(10_000, 20_000, 2_000)]
    assert [len(page.lines) for page in pages(Lyrics(tuple(sung(*spans))))] == [3, 2]


def test_voices_that_sing_at_once_are_on_one_page():
    spans = [(at, at + 2_000) for at in range(10_000, 20_000, 2_000)]
    spans[3] = (15_000, 18_000)
    assert [len(page.lines) for page in pages(Lyrics(tuple(sung(*spans))))] == [4, 1]


def test_an_empty_line_begins_a_page():
    first, second, third = sung((1_000, 2_000), (2_000, 3_000), (3_000, 4_000))
    made = pages(Lyrics((first, second, LyricLine(""), third)))
    assert [len(page.lines) for page in made] == [2, 1]


def test_a_page_comes_up_before_it_is_sung_and_goes_soon_after():
    _, page = pages(Lyrics((*sung((500, 600)), LyricLine(""), *sung((4_000, 6_000)))))
    assert (page.start_ms, page.end_ms, page.countdown_ms) == (4_000 - LEAD_IN_MS, 6_000 + TAIL_MS, 0)


def test_a_song_counts_down_to_its_first_words_when_there_is_time_to():
    (page,) = pages(Lyrics(tuple(sung((COUNTDOWN_MS, 6_000)))))
    assert (page.start_ms, page.countdown_ms) == (0, COUNTDOWN_MS)
    (page,) = pages(Lyrics(tuple(sung((COUNTDOWN_MS - 1, 6_000)))))
    assert (page.start_ms, page.countdown_ms) == (COUNTDOWN_MS - 1 - LEAD_IN_MS, 0)


def test_a_page_waits_until_the_one_before_is_sung():
    spans = [(1_000, 2_000), (2_000, 3_000), (3_500, 4_000)]
    first, second = pages(Lyrics(tuple(sung(*spans))), per_page=2)
    assert first.end_ms == second.start_ms == 3_000


def test_a_long_break_counts_down():
    first, second = pages(Lyrics(tuple(sung((1_000, 2_000), (12_000, 13_000)))))
    assert first.countdown_ms == 0
    assert second.countdown_ms == COUNTDOWN_MS
    assert second.start_ms == 12_000 - COUNTDOWN_MS


def test_a_line_is_broken_between_words_into_even_parts():
    line = LyricLine("one two three four five six", 0, 6_000)
    assert [row.text for row in wrap_line(line, 20)] == ["one two three", "four five six"]


def test_syllables_of_a_word_stay_together():
    words = (
        LyricWord(0, 100, "glo", joined=True),
        LyricWord(100, 300, "ri", joined=True),
        LyricWord(300, 500, "a"),
        LyricWord(500, 900, "in", joined=False),
    )
    rows = wrap_line(LyricLine("gloria in", 0, 900, words), 7)
    assert [row.text for row in rows] == ["gloria", "in"]
    assert rows[0].words == words[:3]
    assert (rows[1].start_ms, rows[1].end_ms) == (500, 900)


def test_a_word_that_never_ends_is_broken_at_its_syllables():
    words = tuple(LyricWord(at * 100, at * 100 + 100, "la", joined=True) for at in range(6))
    rows = wrap_line(LyricLine("la" * 6, 0, 600, words), 8)
    assert [(row.text, row.start_ms, row.end_ms) for row in rows] == [("lalala", 0, 300), ("lalala", 300, 600)]
