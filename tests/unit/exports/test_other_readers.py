"""What others read in our exports: pysubs2, webvtt-py, python-docx and a Markdown renderer."""

import html
import io
import re
import zipfile
from html.parser import HTMLParser

import docx
import pysubs2
import pytest
import webvtt
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt

from tenuto.domain.transcripts import Segment, Transcript, Word
from tenuto.exports import srt
from tenuto.exports.cues import make_cues
from tenuto.exports.document import UNKNOWN, facts_of, paragraphs_of, title_of
from tenuto.exports.plain import clock_time
from tenuto.exports.registry import render
from unit.exports.reading import expected, squeezed
from unit.exports.strategies import transcripts

bounded = settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
DAYS_MS = 100 * 3_600_000
HARMLESS = {"h1", "h2", "p", "ul", "li", "strong"}
ARABIC = "\u0645\u0631\u062d\u0628\u0627"


class Page(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.attributes, self.blocks = set(), [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag in {"h1", "h2", "p", "li"}:
            self.blocks.append("")

    def handle_data(self, data):
        if self.blocks:
            self.blocks[-1] += data

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def document_of(transcript):
    return docx.Document(io.BytesIO(render(transcript, "docx")))


def blocks_of(transcript):
    """The texts of a document, as it must be read."""
    blocks = [title_of(transcript), *(f"{name}: {value}" for name, value in facts_of(transcript))]
    speaker = ""
    for paragraph in paragraphs_of(transcript):
        if paragraph.speaker != speaker:
            blocks.append(paragraph.speaker)
        speaker = paragraph.speaker
        blocks.append(f"{clock_time(paragraph.start_ms)} {paragraph.text}")
    return blocks


@given(transcripts())
@bounded
def test_pysubs2_reads_times_and_texts_of_srt(transcript):
    cues = make_cues(transcript, labelled=True, tidy=srt._disarm)
    read = pysubs2.SSAFile.from_string(render(transcript, "srt").decode(), format_="srt", keep_unknown_html_tags=True)
    # pysubs2 knows two digits of hours, takes some signs for markup, and a last line of digits for a number.
    assert [(event.start % DAYS_MS, event.end % DAYS_MS) for event in read] == [
        (cue.start_ms % DAYS_MS, cue.end_ms % DAYS_MS) for cue in cues
    ]
    for event, cue in zip(read, cues, strict=True):
        if not re.search(r"[<{\\]|^\s*\d+\s*$", "\n".join(cue.texts), re.MULTILINE):
            assert squeezed(event.plaintext) == squeezed("".join(cue.texts))


@pytest.mark.parametrize("form", ["vtt", "vtt-words"])
@given(transcript=transcripts())
@bounded
def test_webvtt_reads_times_voices_and_texts(form, transcript):
    cues = make_cues(transcript, labelled=False)
    read = list(webvtt.from_string(render(transcript, form).decode()))
    assert [(each.start_time.in_milliseconds(), each.end_time.in_milliseconds()) for each in read] == [
        (cue.start_ms, cue.end_ms) for cue in cues
    ]
    for each, cue in zip(read, cues, strict=True):
        assert squeezed(html.unescape(each.text)) == squeezed("".join(cue.texts))
        assert bool(each.voice) == bool(cue.speaker)


@given(transcripts())
@bounded
def test_word_times_rise_within_their_cue(transcript):
    for each in webvtt.from_string(render(transcript, "vtt-words").decode()):
        inner = [webvtt.models.Timestamp.from_string(time) for time in re.findall(r"<(\d+:[\d:.]+)>", each.raw_text)]
        times = [each.start_time, *inner, each.end_time]
        milliseconds = [time.in_milliseconds() for time in times]
        assert milliseconds == sorted(set(milliseconds))


@given(transcripts())
@bounded
def test_markdown_is_inert_and_reads_back(transcript):
    source = render(transcript, "md").decode()
    for dialect in ("commonmark", "js-default"):
        page = Page(MarkdownIt(dialect, {"html": True, "linkify": False}).render(source))
        assert page.tags <= HARMLESS
        assert not page.attributes
        assert [squeezed(block) for block in page.blocks if squeezed(block)] == list(
            filter(None, map(squeezed, blocks_of(transcript)))
        )


@given(transcripts())
@bounded
def test_word_processors_read_every_block(transcript):
    read = [paragraph.text for paragraph in document_of(transcript).paragraphs]
    assert read == [re.sub("[\ufffe\uffff]", "\ufffd", block) for block in blocks_of(transcript)]


@given(transcripts())
@bounded
def test_prose_holds_what_was_said(transcript):
    paragraphs = paragraphs_of(transcript)
    said = "".join(squeezed(text) for _, text, _ in expected(transcript))
    assert "".join(squeezed(paragraph.text) for paragraph in paragraphs) == said
    prose = render(transcript, "txt-paragraphs").decode()
    assert [line for line in prose.split("\n") if line] == [paragraph.text for paragraph in paragraphs]
    lines = [
        re.match(r"\[(\d+):(\d\d):(\d\d)\] ", line) for line in render(transcript, "txt-speakers").decode().splitlines()
    ]
    starts = [(int(line[1]) * 60 + int(line[2])) * 60 + int(line[3]) for line in lines]
    assert starts == [paragraph.start_ms // 1000 for paragraph in paragraphs]


def test_a_document_has_its_title_and_bold_speakers():
    talk = Transcript((Segment(0, 900, "Hello", speaker="S1"),), title="Talk", speakers={"S1": "Anna"}, language="en")
    document = document_of(talk)
    assert (document.core_properties.title, document.core_properties.author) == ("Talk", "tenuto")
    assert [paragraph.style.name for paragraph in document.paragraphs] == ["Title", "Fact", "Speaker", "Normal"]
    assert document.paragraphs[2].runs[0].bold


def test_what_runs_from_right_to_left_is_marked():
    paragraph = document_of(Transcript((Segment(0, 900, f"{ARABIC} tenuto {ARABIC}!"),))).paragraphs[-1]
    assert paragraph._p.pPr.xpath("w:bidi")
    directions = [bool(run.font.rtl) for run in paragraph.runs]
    assert directions == [False, True, False, True]  # the time, then three parts of the text
    assert not document_of(Transcript((Segment(0, 900, f"tenuto {ARABIC}"),))).paragraphs[-1]._p.xpath("w:pPr/w:bidi")


def test_a_document_carries_no_date_and_nothing_from_outside():
    with zipfile.ZipFile(io.BytesIO(render(Transcript((Segment(0, 900, "Hi"),)), "docx"))) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        text = "".join(package.read(entry).decode() for entry in package.infolist())
    assert "TargetMode" not in text
    assert "dcterms" not in text


def test_minutes_name_time_and_speaker():
    talk = (
        Segment(0, 900, "Hello.", speaker="S1"),
        Segment(1000, 2000, "Yes.", speaker="S1"),
        Segment(2000, 3000, "No."),
    )
    transcript = Transcript(talk, speakers={"S1": "Anna"})
    assert render(transcript, "txt-speakers").decode() == f"[00:00:00] Anna: Hello. Yes.\n[00:00:02] {UNKNOWN}: No.\n"


def test_a_paragraph_ends_at_a_pause_and_where_it_grows_long():
    sentence = "This is a sentence of some length."
    spoken = [Segment(number * 1000, number * 1000 + 900, sentence) for number in range(30)]
    late = Segment(60_000, 61_000, "Later.")
    paragraphs = paragraphs_of(Transcript((*spoken, late)))
    assert [paragraph.text.count(sentence) for paragraph in paragraphs] == [21, 9, 0]


def test_japanese_passages_are_joined_without_spaces():
    spoken = (Segment(0, 900, "\u306f\u3044\u3002"), Segment(900, 1900, "\u884c\u304d\u307e\u3059\u3002"))
    assert render(Transcript(spoken), "txt-paragraphs").decode() == "\u306f\u3044\u3002\u884c\u304d\u307e\u3059\u3002\n"


def test_words_carry_their_times_only_when_they_were_heard():
    words = (Word(0, 400, "Good"), Word(400, 900, "morning"))
    heard = render(Transcript((Segment(0, 900, "Good morning", words=words),)), "vtt-words").decode()
    assert heard.endswith("\nGood <00:00:00.400>morning\n")
    assert "<" not in render(Transcript((Segment(0, 900, "Good morning"),)), "vtt-words").decode()
