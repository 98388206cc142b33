"""Every format against every transcript."""

import csv
import io
import json
import math
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from tenuto import errors
from tenuto.domain.columns import count_columns
from tenuto.domain.transcripts import Segment, Transcript
from tenuto.exports import transcript_json
from tenuto.exports.cues import LABEL_COLUMNS
from tenuto.exports.registry import FORMATS, find_format, render
from unit.exports.reading import expected, labelled, read_srt, read_vtt, squeezed
from unit.exports.strategies import transcripts

MARK = "'"
# A slow machine is no failure.
bounded = settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


def without_arrows(text):
    return re.sub("-{2,}>", "->", text)


def test_every_promised_format_is_there():
    assert set(FORMATS) >= {"txt", "srt", "vtt", "json", "csv", "md", "docx"}
    assert set(FORMATS) >= {"txt-speakers", "txt-paragraphs", "vtt-words"}
    assert FORMATS["vtt"].media_type == "text/vtt"


def test_an_unknown_format_is_refused_with_the_list():
    with pytest.raises(errors.ValidationError, match=r"'doc'.*csv, docx, json, md, srt, txt, "):
        find_format("doc")


@pytest.mark.parametrize(
    ("name", "data"), [("txt", b""), ("srt", b""), ("vtt", b"WEBVTT\n")], ids=lambda value: str(value)[:6]
)
def test_an_empty_transcript_is_a_valid_file(name, data):
    assert render(Transcript(()), name) == data
    assert render(Transcript((Segment(0, 1000, " \n\x00"),)), name) == data


def letters_of(cues):
    return sorted(squeezed("".join("".join(lines) for *_, lines in cues)))


@given(transcripts())
@bounded
def test_srt_reads_back(transcript):
    nameless = replace(transcript, segments=tuple(replace(segment, speaker=None) for segment in transcript.segments))
    cues = read_srt(render(nameless, "srt"))
    # Passages may overlap, and then their cues interleave: the letters are the same all the same.
    said = squeezed("".join(without_arrows(text) for _, text, _ in expected(nameless)))
    assert letters_of(cues) == sorted(said)
    assert [start for start, *_ in cues] == sorted(start for start, *_ in cues)


@given(transcripts())
@bounded
def test_srt_names_who_speaks(transcript):
    lines = squeezed("".join("".join(lines) for *_, lines in read_srt(render(transcript, "srt"))))
    for _, _, name in labelled(transcript):
        shown = without_arrows(name)
        whole = count_columns(shown) <= LABEL_COLUMNS
        assert (squeezed(f"{shown}:" if name else "") if whole else squeezed(shown)[:8]) in lines


@given(transcripts())
@bounded
def test_vtt_reads_back(transcript):
    for form in ("vtt", "vtt-words"):
        cues = read_vtt(re.sub(rb"<[\d:.]+>", b"", render(transcript, form)))
        for speaker in {name for *_, name in labelled(transcript)}:
            said = "".join(squeezed(text) for _, text, name in labelled(transcript) if name == speaker)
            assert letters_of(cue for cue in cues if cue[2] == speaker) == sorted(said)


@given(transcripts())
@bounded
def test_one_segment_reads_back_in_order(transcript):
    for segment in transcript.segments:
        alone = Transcript((segment,), speakers=transcript.speakers)
        for _, text, _ in expected(alone):
            vtt = read_vtt(render(alone, "vtt"))
            assert squeezed("".join("".join(lines) for *_, lines in vtt)) == squeezed(text)
            assert segment.start_ms <= vtt[0][0] <= max(segment.start_ms, segment.end_ms)


@given(transcripts())
@bounded
def test_the_same_transcript_gives_the_same_bytes(transcript):
    for name in FORMATS:
        assert render(transcript, name) == render(transcript, name)


@given(transcripts())
@bounded
def test_txt_reads_back(transcript):
    data = render(transcript, "txt").decode()
    lines = [line for line in data.split("\n") if line]
    rows = labelled(transcript)
    assert len(lines) == len(rows)
    before = None
    for line, (_, text, name) in zip(lines, rows, strict=True):
        assert line == (f"{name}: {text}" if name and name != before else text)
        before = name


@given(transcripts())
@bounded
def test_csv_reads_back_and_holds_no_formula(transcript):
    data = render(transcript, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    wanted = expected(transcript)
    assert len(rows) == len(wanted)
    for number, (row, (segment, text, name)) in enumerate(zip(rows, wanted, strict=True), start=1):
        assert (int(row["number"]), int(row["start_ms"]), int(row["end_ms"])) == (
            number,
            segment.start_ms,
            segment.end_ms,
        )
        assert row["text"].replace(MARK, "") == text.replace(MARK, "")
        assert row["speaker"].replace(MARK, "") == name.replace(MARK, "")
        for cell in row.values():
            for part in re.split('[;"]', cell):
                assert part.strip()[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")
                assert not cell.startswith(("\t", "\r", "\n"))


@given(transcripts())
@bounded
def test_json_reads_back_as_the_same_transcript(transcript):
    data = render(transcript, "json")
    read = json.loads(data, parse_constant=pytest.fail)
    assert read["schema_version"] == 1
    assert read["confidence"] is None or math.isfinite(read["confidence"])
    assert transcript_json.parse(data) == as_json_can_say(transcript)


def as_json_can_say(value):
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple):
        return tuple(map(as_json_can_say, value))
    if isinstance(value, dict):
        return {as_json_can_say(key): as_json_can_say(item) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return type(value)(**{name: as_json_can_say(getattr(value, name)) for name in value.__dataclass_fields__})
    return value


@given(transcripts())
@bounded
def test_every_text_is_utf8_without_control_characters(transcript):
    for name in sorted(set(FORMATS) - {"docx"}):
        text = render(transcript, name).decode()
        allowed = "\r\n" if name == "csv" else "\n"
        assert not [char for char in text if (char < " " and char not in allowed) or char in "\u2028\u2029"] or (
            name == "json" and "\x00" not in text
        )
