"""What is read of a deck, beside what python-pptx reads of the same, and under bytes that nobody meant."""

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pptx import Presentation

from decks import CLASSIC, make_deck
from hostile import packages
from hostile.packages import OFFICE, deck, page, relations, shape
from tenuto import errors
from tenuto.domain.decks import Slide
from tenuto.media.deck_reader import read_deck

SLIDE, LINKS = "ppt/slides/slide1.xml", "ppt/slides/_rels/slide1.xml.rels"
GOOD = deck(slides=2)
PRINTED = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), min_size=1)


def read(data):
    return read_deck(io.BytesIO(data))


def only_slide(data):
    return read(data).slides[0]


def test_titles_and_notes_are_those_that_python_pptx_reads(tmp_path):
    path = make_deck(tmp_path / "deck.pptx", 12)
    with path.open("rb") as file:
        found = read_deck(file)
    expected = Presentation(path)
    titles = [slide.shapes.title.text for slide in expected.slides]
    notes = [slide.notes_slide.notes_text_frame.text for slide in expected.slides]
    assert [slide.title for slide in found.slides] == titles
    assert [slide.notes for slide in found.slides] == notes
    assert [slide.number for slide in found.slides] == list(range(1, 13))
    assert (found.width, found.height) == (expected.slide_width, expected.slide_height)
    assert (found.title, found.author) == ("Quarterly review", "Ada")


def test_the_order_is_that_of_the_deck_not_that_of_its_parts(tmp_path):
    path = make_deck(tmp_path / "deck.pptx", 3, notes={1: "one", 2: "two", 3: "three"})
    turned = Presentation(path)
    entries = turned.part._element.sldIdLst
    entries.insert(0, entries[2])
    turned.save(path)
    with path.open("rb") as file:
        assert [slide.notes for slide in read_deck(file).slides] == ["three", "one", "two"]


def test_hidden_slides_sections_languages_and_shapes_are_told(tmp_path):
    options = {"hidden": (4,), "german": (3,), "sections": (("Start", 1), ("Rest", 4))}
    path = make_deck(tmp_path / "deck.pptx", 6, size=CLASSIC, **options)
    with path.open("rb") as file:
        slides = read_deck(file).slides
    assert [slide.number for slide in slides if slide.hidden] == [4]
    assert [slide.section for slide in slides] == ["Start"] * 3 + ["Rest"] * 3
    assert [slide.language for slide in slides] == ["en-US", "en-US", "de-DE", "en-US", "en-US", "en-US"]
    assert slides[1].text.startswith("First point about the market\nSub point 0")
    assert slides[3].text.splitlines()[0] == "row 0 column 0, row 0 column 1"
    assert slides[5].text == "Left of the group\nRight of the group"


def test_a_slide_without_notes_has_none(tmp_path):
    with make_deck(tmp_path / "deck.pptx", 2, notes={2: ""}).open("rb") as file:
        assert [bool(slide.notes) for slide in read_deck(file).slides] == [True, False]


@given(PRINTED.filter(str.strip))
def test_notes_are_read_letter_by_letter(note):
    escaped = note.replace("&", "&amp;").replace("<", "&lt;")
    assert only_slide(deck(note=escaped)).notes == note.strip()


def test_the_number_and_the_date_of_notes_are_not_spoken():
    notes = page(shape("7", "sldNum"), shape("1 May", "dt"), shape("Said"), shape("Foot", "ftr"), root="notes")
    assert only_slide(deck({"ppt/notesSlides/notesSlide1.xml": notes})).notes == "Said"


def test_breaks_stay_and_numbers_of_slides_go():
    run = '<a:br/><a:fld id="{1}" type="slidenum"><a:t>7</a:t></a:fld><a:r><a:t>below</a:t></a:r>'
    body = shape("above").replace("</a:p>", f"{run}</a:p>")
    assert only_slide(deck({SLIDE: page(body)})).text == "above\nbelow"


def test_hidden_shapes_and_second_choices_are_not_read():
    hidden = shape("unseen").replace('name="Shape"', 'name="Shape" hidden="1"')
    choices = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    either = (
        f'<c:AlternateContent xmlns:c="{choices}"><c:Choice Requires="p">{shape("first")}</c:Choice>'
        f"<c:Fallback>{shape('second')}</c:Fallback></c:AlternateContent>"
    )
    assert only_slide(deck({SLIDE: page(hidden, either)})).text == "first"


def test_the_words_of_a_diagram_are_read():
    space = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
    frame = (
        f'<p:graphicFrame><a:graphic><a:graphicData><d:relIds xmlns:d="{space}" r:dm="rId5"/></a:graphicData>'
        "</a:graphic></p:graphicFrame>"
    )
    data = (
        f'<d:dataModel xmlns:d="{space}" xmlns:a="{packages.DML}"><d:ptLst><d:pt><d:t><a:p><a:r><a:t>Plan</a:t></a:r>'
        "</a:p></d:t></d:pt></d:ptLst></d:dataModel>"
    )
    links = relations(("rId5", "diagramData", "../diagrams/data1.xml"))
    parts = {SLIDE: page(frame), LINKS: links, "ppt/diagrams/data1.xml": data.encode()}
    assert only_slide(deck(parts)).text == "Plan"


def test_a_deck_saved_as_strict_reads_the_same():
    strict = {}
    for name, data in packages.parts().items():
        text = data.decode().replace(OFFICE, "http://purl.oclc.org/ooxml/officeDocument/relationships")
        for kind in ("presentationml", "drawingml"):
            text = text.replace(f"http://schemas.openxmlformats.org/{kind}/2006", f"http://purl.oclc.org/ooxml/{kind}")
        strict[name] = text.encode()
    assert read(deck(strict)) == read(deck())
    assert read(deck()).slides == (Slide(1, "Title 1", "Words to say.", "Shown", language="en-GB"),)


def test_notes_that_nobody_would_listen_to_are_refused():
    with pytest.raises(errors.LimitExceeded, match="notes of slide 1 have 60000 letters"):
        read(deck(note="x" * 60_000))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (10**9, 6_858_000), (-5, 5)])
def test_slides_of_no_size_are_refused(width, height):
    sized = packages.parts()["ppt/presentation.xml"].replace(
        b'cx="12192000" cy="6858000"', f'cx="{width}" cy="{height}"'.encode()
    )
    with pytest.raises(errors.LimitExceeded, match="one inch"):
        read(deck({"ppt/presentation.xml": sized}))


@given(st.integers(0, 2**32), st.integers(1, 24))
def test_a_deck_with_wrong_bytes_is_read_or_refused(seed, count):
    dice, data = random.Random(seed), bytearray(GOOD)
    for _ in range(count):
        data[dice.randrange(4, len(data))] = dice.randrange(256)
    try:
        assert len(read(bytes(data)).slides) <= 2
    except errors.RejectedFile as refusal:
        told = refusal.message
        assert told


@given(st.integers(0, len(GOOD) - 1))
def test_a_deck_that_was_cut_is_refused(length):
    with pytest.raises(errors.RejectedFile):
        read(GOOD[:length])
