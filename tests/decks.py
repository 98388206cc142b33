"""Real decks, as python-pptx writes them: titles, bullets, charts, tables, pictures, groups, notes, sections."""

import io
import shutil

import numpy as np
from lxml import etree
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.lang import MSO_LANGUAGE_ID
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Inches

from needs import need

WIDE = (13.333, 7.5)
CLASSIC = (10, 7.5)
GERMAN_NOTE = "Guten Tag. Auf Folie {number} sehen wir die Zahlen des Quartals und was sie für den Plan bedeuten."
NOTE = (
    "Welcome to slide {number}. In this part we look at the numbers for the quarter, and at what they mean for the plan."
    " Revenue grew by {number} percent, while costs stayed flat."
)
SECTIONS = "http://schemas.microsoft.com/office/powerpoint/2010/main"
MAIN = "http://schemas.openxmlformats.org/presentationml/2006/main"
SECTION_LIST = "{521415D9-36F7-43E2-AB2F-B90AF26B5E84}"


def make_deck(
    path, slides=10, *, notes=None, hidden=(), german=(), sections=(), size=WIDE, title="Quarterly review", author="Ada"
):
    """Write a deck to `path` and return it.

    The kinds of slides take turns: title, bullets, chart, table, picture and group. `notes` maps a slide's number to its
    notes, the others get NOTE; `german` names the slides whose notes are German, `sections` is (name, first slide)...
    """
    deck = Presentation()
    deck.slide_width, deck.slide_height = (Inches(inches) for inches in size)
    deck.core_properties.title, deck.core_properties.author = title, author
    for number in range(1, slides + 1):
        slide = DRAWN[(number - 1) % len(DRAWN)](deck, number)
        if number in hidden:
            slide._element.set("show", "0")
        text = (notes or {}).get(number, (GERMAN_NOTE if number in german else NOTE).format(number=number))
        write_notes(slide, text, german=number in german)
    if sections:
        deck.part._element.append(section_list(deck, sections))
    deck.save(path)
    return path


def write_notes(slide, text, *, german=False):
    """Write notes that say their language; no text is no notes at all."""
    if not text:
        return
    frame = slide.notes_slide.notes_text_frame
    frame.text = text
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.language_id = MSO_LANGUAGE_ID.GERMAN if german else MSO_LANGUAGE_ID.ENGLISH_US


def section_list(deck, sections):
    """The list of sections as PowerPoint 2010 and later keep it."""
    ids = [entry.get("id") for entry in deck.part._element.sldIdLst]
    starts = [first for _, first in sections] + [len(ids) + 1]
    extensions = etree.Element(f"{{{MAIN}}}extLst")
    holder = etree.SubElement(extensions, f"{{{MAIN}}}ext", uri=SECTION_LIST)
    listed = etree.SubElement(holder, f"{{{SECTIONS}}}sectionLst", nsmap={"p14": SECTIONS})
    for index, (name, first) in enumerate(sections):
        section = etree.SubElement(
            listed, f"{{{SECTIONS}}}section", name=name, id=f"{{{index:08}-0000-0000-0000-000000000000}}"
        )
        members = etree.SubElement(section, f"{{{SECTIONS}}}sldIdLst")
        for uid in ids[first - 1 : starts[index + 1] - 1]:
            etree.SubElement(members, f"{{{SECTIONS}}}sldId", id=uid)
    return extensions


def title_slide(deck, number):
    slide = deck.slides.add_slide(deck.slide_layouts[0])
    slide.shapes.title.text = f"Quarterly review {number}"
    slide.placeholders[1].text = "Tenuto research deck"
    return slide


def bullets(deck, number):
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = f"Bullets {number}"
    frame = slide.placeholders[1].text_frame
    frame.text = "First point about the market"
    for level in range(4):
        paragraph = frame.add_paragraph()
        paragraph.text = f"Sub point {level} with a somewhat longer line of text that wraps around"
        paragraph.level = level % 3
    return slide


def only_titled(deck, title):
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = title
    return slide


def chart(deck, number):
    slide = only_titled(deck, f"Chart {number}")
    data = CategoryChartData()
    data.categories = ["Q1", "Q2", "Q3", "Q4"]
    data.add_series("North", (4, 7, 5, 9))
    data.add_series("South", (3, 5, 8, 6))
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED
    slide.shapes.add_chart(kind, Inches(1), Inches(1.6), Inches(8), Inches(5), data)
    return slide


def table(deck, number):
    slide = only_titled(deck, f"Table {number}")
    cells = slide.shapes.add_table(3, 2, Inches(1), Inches(1.8), Inches(8), Inches(3)).table
    for row in range(3):
        for column in range(2):
            cells.cell(row, column).text = f"row {row} column {column}"
    return slide


def picture(deck, number):
    slide = only_titled(deck, f"Picture {number}")
    pixels = np.linspace(0, 190, 480)[None, :, None] + np.random.default_rng(number).random((270, 480, 3)) * 60
    stored = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stored, "PNG")
    stored.seek(0)
    slide.shapes.add_picture(stored, Inches(0.8), Inches(1.7), Inches(5))
    shape = slide.shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, Inches(6.2), Inches(2), Inches(3), Inches(2))
    shape.fill.solid()
    shape.fill.fore_color.rgb = RGBColor(30, 120, 200)
    shape.text_frame.text = "Rounded box"
    return slide


def group(deck, number):
    slide = only_titled(deck, f"Group {number}")
    shapes = slide.shapes.add_group_shape().shapes
    for index, text in enumerate(("Left of the group", "Right of the group")):
        box = shapes.add_textbox(Inches(1 + 4 * index), Inches(2), Inches(3), Inches(1))
        box.text_frame.text = text
    return slide


DRAWN = (title_slide, bullets, chart, table, picture, group)


def need_office():
    """Skip what needs LibreOffice where it is not."""
    need(shutil.which("soffice"), "LibreOffice (Debian's libreoffice-impress-nogui) is not installed")
