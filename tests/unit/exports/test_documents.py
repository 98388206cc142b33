"""Text, table and JSON, case by case."""

import json

import pytest

from tenuto import errors
from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.exports import registry, transcript_json
from tenuto.exports.registry import render

TALK = Transcript(
    segments=(
        Segment(0, 1000, "Hello.", 0.5, "S1", (Word(0, 900, "Hello.", 0.5),)),
        Segment(1000, 2000, "How are you?", None, "S1"),
        Segment(2000, 3000, "Fine.", None, "S2"),
        Segment(3000, 4000, "(noise)"),
    ),
    language="en",
    duration_ms=4000,
    engine="pocketsphinx",
    model="en-us",
    title="Talk",
    warnings=("The end is missing.",),
    speakers={"S1": "Anna"},
)


def csv_lines(*texts):
    return render(Transcript(tuple(Segment(0, 0, text) for text in texts)), "csv").decode("utf-8-sig").splitlines()


def test_text_names_who_speaks_at_each_change():
    assert render(TALK, "txt").decode() == "Anna: Hello.\nHow are you?\n\nS2: Fine.\n\n(noise)\n"


def test_the_table_has_one_quoted_row_a_passage():
    first, second = render(TALK, "csv").decode("utf-8-sig").split("\r\n")[:2]
    assert first == '"number","start","end","start_ms","end_ms","speaker","text","confidence"'
    assert second == '"1","00:00:00.000","00:00:01.000","0","1000","Anna","Hello.","0.5"'


def test_a_quote_in_a_cell_is_doubled():
    assert '"say ""hi"", you"' in csv_lines('say "hi", you')[1]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize("before", ["", "x;", "x; ", 'x"', 'x;"'])
def test_a_cell_cannot_start_a_formula(sign, before):
    line = csv_lines(f"{before}{sign}cmd|' /C calc'!A0")[1]
    assert f"{before.replace(chr(34), chr(34) * 2)}'{sign}cmd" in line


@pytest.mark.parametrize("space", ["\t", "\r", "\n", "\r\n", " "])
def test_white_space_does_not_hide_a_formula(space):
    assert '"\'=1"' in csv_lines(f"{space}=1")[1]


def test_signs_inside_a_sentence_stay():
    assert '"mail a@b, 1+1=2, well-known"' in csv_lines("mail a@b, 1+1=2, well-known")[1]


def test_an_empty_table_has_its_header():
    assert len(csv_lines()) == 1


def test_json_says_all_that_is_known():
    fields = json.loads(render(TALK, "json"))
    assert list(fields) == [
        "schema_version",
        "title",
        "language",
        "duration_ms",
        "engine",
        "model",
        "confidence",
        "warnings",
        "speakers",
        "text",
        "segments",
    ]
    assert fields["confidence"] == 0.5
    assert fields["segments"][0]["words"] == [{"start_ms": 0, "end_ms": 900, "text": "Hello.", "confidence": 0.5}]


def test_json_keeps_formulas_arrows_and_line_breaks():
    segment = Segment(0, 1, "=1\n\n-->\u2028\x00<b>")
    assert json.loads(render(Transcript((segment,)), "json"))["segments"][0]["text"] == segment.text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"schema_version": 1}',
        b'{"schema_version": 2}',
        b'{"schema_version": NaN}',
        b'{"schema_version": 1, "segments": [{"start_ms": 1}]}',
        b"[" * 100_000,
    ],
    ids=lambda data: data[:30].decode("latin-1"),
)
def test_what_is_no_transcript_is_refused(data):
    with pytest.raises(errors.ValidationError, match="transcript"):
        transcript_json.parse(data)


def test_a_module_with_a_format_is_all_a_new_format_needs(tmp_path, monkeypatch):
    source = "from tenuto.exports.base import Format\nFORMAT = Format('shout', 'txt', 'text/plain', 'loud', lambda t: b'HEY')\n"
    (tmp_path / "shout.py").write_text(source)
    monkeypatch.setattr("tenuto.exports.__path__", [*registry.tenuto.exports.__path__, str(tmp_path)])
    assert registry._find_formats()["shout"].render(TALK) == b"HEY"
