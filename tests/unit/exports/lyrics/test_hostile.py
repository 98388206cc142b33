"""Files that nobody should send: they are refused with a reason, and cost little."""

import json
import tracemalloc

import pytest

from tenuto import errors
from tenuto.domain.lyrics import LyricLine, Lyrics
from tenuto.exports.lyrics import FORMATS, detect, read, write

ULTRASTAR = "#BPM:300\n"


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("x" * 10_000_000, "auto", "These lyrics have 10000000 characters"),
        ("\n" * 1_900_000, "auto", "This file has 1900001 lines"),
        ("\r" * 1_900_000, "auto", "This file has 1900001 lines"),
        ("[00:00.00]" * 190_000 + "x", "auto", "Line 1: these are more than the 5000 lines"),
        ("[00:00.00]x\n" * 59_000, "auto", "Line 5001: these are more than the 5000 lines"),
        ("[00:00.00]" + "<00:00.00>x" * 170_000, "auto", "Line 1: these are more than the 20000 timed words"),
        ("[00:00.00]" * 4_000 + "<00:00.00>x" * 4_000, "auto", "Line 1: these are more than the 20000 timed words"),
        ("[00:00.00]" * 4_000 + "x" * 5_000, "auto", "Line 1: these are more than the 500000 letters"),
        ("[" * 1_900_000, "lrc", "Line 1: the line has"),
        ("[1" * 900_000, "lrc", "Line 1: the line has"),
        ("[" + "1" * 1_900_000, "lrc", "Line 1: the line has"),
        ("[a:" * 600_000, "lrc", "Line 1: the line has"),
        ("word\n" * 50_000, "plain", "Line 5001: these are more than"),
        (ULTRASTAR + ": 0 1 0 x \n" * 50_000, "auto", "Line 20002: these are more than the 20000 timed words"),
        (ULTRASTAR + ": 0 1 0 x\n- 1\n" * 25_000, "auto", "Line 10003: these are more than the 5000 lines"),
        (ULTRASTAR + ": 0 1 0 x\n: 0 1 0 " + "~" * 1_900_000, "auto", None),
        ("\x00" * 1_000_000, "auto", "There are no words"),
        ("\n" * 59_000, "auto", "There are no words"),
        (" \ufeff\t\u2028", "lrc", "There are no words"),
        ("", "auto", "There are no words"),
        ("[" * 200_000, "json", "This is not JSON"),
        ('{"lines": ' + "[" * 200_000, "auto", "This is not JSON"),
        ('{"lines": [], "offset_ms": ' + "9" * 100_000 + "}", "auto", "This is not JSON"),
        ('{"lines": [{"text": "x", "confidence": NaN}]}', "auto", "This is not JSON"),
        ("[1]", "json", "These are not lyrics in tenuto's own form"),
        ("1\n00:00:01,000 --> 00:00:02,000\nx", "auto", "These are subtitles, not lyrics"),
        ("[Script Info]\nTitle: x", "auto", "These are subtitles, not lyrics"),
    ],
    ids=lambda value: str(value)[:30].encode("unicode_escape").decode(),
)
def test_it_is_refused_with_a_reason(text, form, message):
    if message is None:
        assert read(text, form).text == "x"
        return
    with pytest.raises(errors.ValidationError) as refused:
        read(text, form)
    assert refused.value.message.startswith(message)
    assert len(refused.value.message) < 300


@pytest.mark.parametrize("text", ["x" * 10_000_000, "\n" * 1_900_000])
def test_the_form_of_a_file_that_is_too_large_is_not_even_looked_for(text):
    with pytest.raises(errors.ValidationError, match="a file of lyrics may have"):
        detect(text)


def test_a_stamp_for_each_word_that_is_repeated_does_not_grow_beyond_measure():
    tracemalloc.start()
    with pytest.raises(errors.ValidationError):
        read("[00:00.00]" * 100_000 + "<00:00.00>x" * 4_000)
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def line(**fields):
    return json.dumps({"lines": [{"text": "x", "start_ms": 1, "end_ms": 2} | fields]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (line(text=5), "Line 1: its text has to be a text"),
        (line(text="a\nb"), "Line 1: its text holds a line break"),
        (line(text="a\x00"), "Line 1: its text holds"),
        (line(text="\ud800"), "Line 1: its text holds"),
        (line(start_ms=-1), "Line 1: -0.00 s is before the song begins"),
        (line(start_ms=10**12, end_ms=None), "Line 1: a time beyond 24 hours"),
        (line(start_ms=5), "Line 1: it ends before it begins"),
        (line(start_ms=1.5), "Line 1: 1.5 is no whole number of milliseconds"),
        (line(start_ms=True), "Line 1: True is no whole number"),
        (line(start_ms="1"), "Line 1: '1' is no whole number"),
        (line(start_ms=None), "Line 1: it has an end and no beginning"),
        (line(start_ms=None, end_ms=None, words=[[1, 2, "x"]]), "Line 1: its words are timed"),
        (line(confidence=1.5), "Line 1: its confidence has to be"),
        (line(confidence="high"), "Line 1: its confidence has to be"),
        (line(words=[[2, 1, "x"]]), "Line 1, word 1: it ends before it begins"),
        (line(words=[[2, 3, "x"], [1, 2, "y"]]), "Line 1, word 2: it begins before the word before it"),
        (line(words=[[1, 2, "x", 200]]), "Line 1, word 1: its pitch"),
        (line(words=[[1, 2, "x", None, "yes"]]), "Line 1, word 1: `joined`"),
        (line(words=[[1, None, "x"]]), "Line 1, word 1: it has no time"),
        (line(words=["abc"]), "Line 1, word 1: "),
        (line(words=[[1]]), "These are not lyrics"),
        (line(words=7), "These are not lyrics"),
        (line(shout=True), "These are not lyrics"),
        ('{"lines": "abc"}', "These are not lyrics"),
        ('{"lines": [["text"]]}', "These are not lyrics"),
        ('{"lines": [{"text": "x"}], "title": 5}', "title: its text has to be a text"),
        ('{"lines": [{"text": "x"}], "title": null}', "title: its text has to be a text"),
        (json.dumps({"lines": [], "artist": "x" * 1_001}), "artist: this may have 1000 letters"),
        (json.dumps({"lines": [{"text": "x"}], "language": "x" * 21}), "language: this may have 20 letters"),
        ('{"lines": [{"text": "x"}], "offset_ms": 1e9}', "offset_ms: "),
        ('{"lines": [{"text": "x"}], "schema_version": 2}', "These lyrics are of schema version 2"),
        ('{"words": "x"}', "These are not lyrics"),
    ],
)
def test_json_that_lies_is_refused_by_line(text, message):
    with pytest.raises(errors.ValidationError) as refused:
        read(text, "json")
    assert refused.value.message.startswith(message)


def test_a_form_nobody_knows_and_one_that_is_only_written_are_named():
    with pytest.raises(errors.ValidationError, match="Choose one of: plain, lrc, elrc, ultrastar, ass, json"):
        read("x", "midi")
    with pytest.raises(errors.ValidationError, match="written as ass, and not read"):
        read("x", "ass")


@pytest.mark.parametrize("text", ["שלום עולם", "\u202eabc", "👩‍👩‍👧‍👦 🇩🇪", "e\u0301" * 20, "日本語の歌", "क्षि"])
@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_script_is_kept(text, form):
    written = write(Lyrics((LyricLine(text, 1_000, 2_000),)), form)
    assert "".join(text.split()) in "".join(written.split())
