"""Karaoke subtitles, read by a library that others wrote."""

import re
from itertools import pairwise

import pysubs2
from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto.domain.lyrics import LyricLine, Lyrics, LyricWord, closed_lines
from tenuto.exports.lyrics import write
from tenuto.exports.lyrics.ass import AHEAD_MS, TAIL_MS, Look
from tenuto.exports.lyrics.ass import write as write_ass
from unit.domain.lyrics_strategies import hostile, lyrics

bounded = settings(max_examples=40, deadline=None, database=None)
synced = st.sampled_from(["words", "line", "start", "empty"])


def parsed(song, **look):
    return pysubs2.SSAFile.from_string(write_ass(song, look=Look(**look)), format_="ass")


def fills(event):
    """When each piece is filled, from the beginning of the event."""
    now, found = event.start, []
    for kind, length, text in re.findall(r"\{\\(kf?)(\d+)\}([^{]*)", event.text):
        if kind == "kf":
            found.append((text.strip(), now, now + int(length) * 10))
        now += int(length) * 10
    return found


def test_words_are_filled_when_they_are_sung():
    words = (
        LyricWord(5_000, 5_600, "Down"),
        LyricWord(5_800, 6_000, "ri", joined=True),
        LyricWord(6_000, 7_000, "ver"),
    )
    (event,) = parsed(Lyrics((LyricLine("Down river", 5_000, 7_000, words),), title="Song"))
    assert fills(event) == [("Down", 5_000, 5_600), ("ri", 5_800, 6_000), ("ver", 6_000, 7_000)]
    assert event.plaintext == "Down river"
    assert (event.start, event.end) == (5_000 - AHEAD_MS, 7_000 + TAIL_MS)


def test_two_lines_are_shown_and_the_next_takes_the_place_of_the_one_that_was_sung():
    lines = tuple(LyricLine(f"line {number}", number * 2_000, number * 2_000 + 1_900) for number in range(1, 5))
    events = parsed(Lyrics(lines))
    assert [event.style for event in events] == ["Upper", "Lower", "Upper", "Lower"]
    assert events[2].start == 3_900  # the first one was sung
    assert events[0].end <= events[2].start


def test_a_wide_line_is_broken():
    line = LyricLine("a line that is a good deal wider than a screen can show", 1_000, 5_000)
    texts = [event.plaintext for event in parsed(Lyrics((line,)), columns=30)]
    assert texts == ["a line that is a good deal", "wider than a screen can show"]


def test_the_look_can_be_chosen():
    styles = parsed(Lyrics((LyricLine("la", 0, 900),)), font="Noto Sans", size=60, sung="11AA33").styles
    assert set(styles) == {"Upper", "Lower"}
    assert styles["Upper"].primarycolor == pysubs2.Color(0x11, 0xAA, 0x33)
    assert (styles["Lower"].fontname, styles["Lower"].fontsize) == ("Noto Sans", 60)
    assert styles["Upper"].marginv > styles["Lower"].marginv


def test_braces_backslashes_and_line_breaks_open_nothing():
    text = "{\\pos(1,1)}a\\Nb\\h}{\nDialogue: 0,0:00:00.00,0:00:09.00,Upper,,0,0,0,,x"
    (event,) = parsed(Lyrics((LyricLine(text, 1_000, 2_000),)), columns=200)
    assert event.plaintext == "(/pos(1,1))a/Nb/h)( Dialogue: 0,0:00:00.00,0:00:09.00,Upper,,0,0,0,,x"


@bounded
@given(lyrics(timed=synced))
def test_every_line_is_on_the_screen_while_it_is_sung(song):
    if not song.is_synced:
        return
    wanted = [(line.start_ms, line.end_ms) for line in closed_lines(song)]
    events = parsed(song, columns=1_000)
    assert len(events) == len(wanted)
    for event, (start, end) in zip(events, wanted, strict=True):
        assert event.start <= start + 5
        assert event.end >= end - 5
        filled = fills(event)
        assert all(0 <= begin <= finish for _, begin, finish in filled)
        assert all(before[2] <= after[1] for before, after in pairwise(filled))
        assert abs(filled[0][1] - start) <= 5


@bounded
@given(lyrics(hostile, synced))
def test_no_text_writes_anything_but_its_own_line(song):
    if not song.is_synced:
        return
    written = write(song, "ass")
    lines = written.split("\n")
    events = pysubs2.SSAFile.from_string(written, format_="ass")
    assert set(events.styles) == {"Upper", "Lower"}
    assert sum(line.startswith("Dialogue: ") for line in lines) == len(events)
    for event in events:
        tags = re.findall(r"\{[^}]*\}?", event.text)
        assert all(re.fullmatch(r"\{\\kf?\d+\}", tag) for tag in tags)
        assert "\\" not in event.plaintext.replace("\n", "\\")
