"""What was written is read the same, as far as the form can say it."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tenuto.domain.lyrics import LyricLine, LyricWord, closed_lines
from tenuto.exports.lyrics import FORMATS, detect, read, write
from tenuto.exports.plain import one_line
from unit.domain.lyrics_strategies import hostile, lyrics

bounded = settings(max_examples=60, deadline=None, database=None)
synced = st.sampled_from(["words", "line", "start", "empty"])


def centis(milliseconds):
    """The hundredth of a second a time falls into."""
    return None if milliseconds is None else (milliseconds + 5) // 10 * 10


def ordered(song):
    """The lines in the order they begin; one without a time stays behind the one before it."""
    keyed, at = [], -1
    for line in song.shown():
        at = at if line.start_ms is None else line.start_ms
        keyed.append((at, line))
    return [line for _, line in sorted(keyed, key=lambda pair: pair[0])]


def parted(lines):
    """The same without empty lines that part nothing."""
    kept = [line for number, line in enumerate(lines) if line.text or (number and lines[number - 1].text)]
    while kept and not kept[0].text:
        kept.pop(0)
    while kept and not kept[-1].text:
        kept.pop()
    return kept


def as_lrc(song, *, words):
    """What LRC can say of lyrics."""
    lines = parted(ordered(song))
    starts = [centis(line.start_ms) for line in lines]
    made = []
    for number, line in enumerate(lines):
        following = next((start for start in starts[number + 1 :] if start is not None), None)
        end = centis(line.end_ms)
        kept = tuple(
            LyricWord(centis(word.start_ms), centis(word.end_ms), word.text, None, word.joined)
            for word in (line.words if words else ())
        )
        if end is not None and following is not None and end >= following:
            end = kept[-1].end_ms if kept else None
        made.append(LyricLine(line.text, starts[number], end, kept))
    return replace(song, lines=tuple(made), offset_ms=0)


@bounded
@given(lyrics())
def test_lrc_keeps_lines_and_their_times(song):
    assume(any(line.is_timed for line in song.lines))
    assert read(write(song, "lrc")) == as_lrc(song, words=False)


@bounded
@given(lyrics())
def test_enhanced_lrc_keeps_words_and_their_times(song):
    assume(any(line.is_timed for line in song.lines))
    assert read(write(song, "elrc")) == as_lrc(song, words=True)


@bounded
@given(lyrics(timed=synced))
def test_ultrastar_keeps_words_pitches_and_times_within_ten_milliseconds(song):
    assume(any(line.text for line in song.lines))
    known = replace(song, language=None if song.language == "xx" else song.language)
    back = read(write(known, "ultrastar"))
    wanted = closed_lines(known)
    names = ("title", "artist", "album", "language", "offset_ms")
    assert [getattr(back, name) for name in names] == [song.title, song.artist, song.album, known.language, 0]
    # Lines whose beginnings differ by less than a beat may change places.
    assert sorted(line.text for line in back.lines) == sorted(line.text for line in wanted)
    unmatched = list(wanted)
    for line in back.lines:
        same = next(other for other in unmatched if resembles(line, other))
        unmatched.remove(same)


def resembles(read_line, line):
    words = line.words or (LyricWord(line.start_ms, line.end_ms, line.text),)
    pieces = [(word.text, word.pitch, word.joined) for word in words]
    if read_line.text != line.text or [(word.text, word.pitch, word.joined) for word in read_line.words] != pieces:
        return False
    times = [
        (one.start_ms - two.start_ms, one.end_ms - two.end_ms) for one, two in zip(read_line.words, words, strict=True)
    ]
    # A word of no length lasts one beat.
    return all(abs(start) <= 5 and -5 <= end <= 15 for start, end in times)


@bounded
@given(lyrics())
def test_json_keeps_all_that_is_known(song):
    assume(any(line.text for line in song.lines))
    assert read(write(song, "json")) == song


@bounded
@given(lyrics())
def test_plain_text_keeps_the_words(song):
    assume(any(line.text for line in song.lines))
    assert [line.text for line in read(write(song, "plain")).lines] == [line.text for line in parted(song.lines)]


@pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.read])
@bounded
@given(song=lyrics(hostile, synced))
def test_any_text_is_read_the_same_the_second_time(form, song):
    assume(any(one_line(line.text) for line in song.lines))
    once = read(write(song, form), form)
    again = read(write(once, form), form)
    if form == "ultrastar":  # times move by up to a beat
        assert [line.text for line in again.lines] == [line.text for line in once.lines]
    else:
        assert again == once


@bounded
@given(lyrics(hostile, synced), st.sampled_from(sorted(FORMATS)))
def test_every_form_is_text_without_control_characters(song, form):
    assume(any(one_line(line.text) for line in song.lines))
    written = write(song, form)
    written.encode()
    assert not {letter for letter in written if letter < " "} - {"\n"}


@bounded
@given(lyrics(timed=synced), st.sampled_from(["lrc", "ultrastar", "json"]))
def test_the_form_is_told_from_the_text(song, form):
    assume(any(line.text for line in song.lines))
    assert detect(write(song, form)) == form


@bounded
@given(lyrics(timed=st.just("words")))
def test_enhanced_lrc_is_told_from_the_text(song):
    assert detect("\ufeff" + write(song, "elrc").replace("\n", "\r\n")) == "elrc"
