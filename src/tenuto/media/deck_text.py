"""What stands on a slide or in its notes: the words, in the order in which they are read, and their language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
SLIDES = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
DIAGRAMS = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
CHOICES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
TITLES = frozenset(("title", "ctrTitle"))
FURNITURE = frozenset(("dt", "ftr", "hdr", "sldNum", "sldImg"))


@dataclass
class Words:
    """Paragraphs, and how many letters of them are in which language."""

    paragraphs: list[str] = field(default_factory=list)
    letters: Counter[str] = field(default_factory=Counter)

    def read(self, body: Element) -> None:
        """Take in the paragraphs of a text."""
        self.paragraphs += [self.line(paragraph) for paragraph in body.iter(f"{DRAWING}p")]

    def line(self, paragraph: Element) -> str:
        """One paragraph; its breaks are kept, numbers of slides are left out."""
        words = []
        for run in paragraph:
            if run.tag == f"{DRAWING}br":
                words.append("\n")
            elif run.tag == f"{DRAWING}r" or (run.tag == f"{DRAWING}fld" and run.get("type") != "slidenum"):
                text = run.findtext(f"{DRAWING}t") or ""
                properties = run.find(f"{DRAWING}rPr")
                language = "" if properties is None else properties.get("lang", "")
                self.letters[language] += sum(character.isalpha() for character in text)
                words.append(text)
        return "".join(words).strip(" \t")

    @property
    def text(self) -> str:
        """All of it, a paragraph a line."""
        return "\n".join(self.paragraphs).strip()

    @property
    def language(self) -> str:
        """The language of most letters."""
        told = Counter({name: count for name, count in self.letters.items() if name and count})
        return max(told, key=lambda name: told[name], default="")


def shapes(tree: Iterable[Element]) -> Iterator[Element]:
    """The shapes of a slide in reading order, those in groups too; hidden ones are left out."""
    for shape in tree:
        if shape.tag == f"{CHOICES}AlternateContent":
            choice = shape.find(f"{CHOICES}Choice")
            yield from shapes(() if choice is None else choice)
        elif shape.find(f"./*/{SLIDES}cNvPr[@hidden='1']") is not None:
            continue
        elif shape.tag == f"{SLIDES}grpSp":
            yield from shapes(shape)
        else:
            yield shape


def placeholder(shape: Element) -> str | None:
    """Which placeholder a shape fills: title, body ...; None when it is none."""
    found = shape.find(f"./*/{SLIDES}nvPr/{SLIDES}ph")
    return None if found is None else found.get("type", "obj")


def slide_words(slide: Element) -> tuple[Words, Words, list[str]]:
    """The title, the other words, and the ids by which the slide leads to its diagrams."""
    title, words = Words(), Words()
    diagrams: list[str] = []
    for shape in shapes(_tree(slide)):
        role = placeholder(shape)
        if role in FURNITURE:
            continue
        body = shape.find(f"{SLIDES}txBody")
        if body is not None:
            (title if role in TITLES else words).read(body)
        for row in shape.iter(f"{DRAWING}tr"):
            read_row(row, words)
        diagrams += [found.get(f"{RELATIONS}dm", "") for found in shape.iter(f"{DIAGRAMS}relIds")]
    return title, words, diagrams


def read_row(row: Element, words: Words) -> None:
    """Take in a row of a table as one line."""
    cells = []
    for cell in row.iter(f"{DRAWING}tc"):
        inside = Words(letters=words.letters)
        inside.read(cell)
        cells.append(inside.text)
    words.paragraphs.append(", ".join(cell for cell in cells if cell))


def notes_words(notes: Element) -> Words:
    """What the speaker says: the notes' body alone, not the number, the date or the picture of the slide."""
    words = Words()
    for shape in shapes(_tree(notes)):
        body = shape.find(f"{SLIDES}txBody")
        if placeholder(shape) == "body" and body is not None:
            words.read(body)
    return words


def diagram_words(data: Element, words: Words) -> None:
    """Take in the words of a diagram."""
    for point in data.iter(f"{DIAGRAMS}pt"):
        text = point.find(f"{DIAGRAMS}t")
        if text is not None:
            words.read(text)


def _tree(page: Element) -> Element:
    found = page.find(f"{SLIDES}cSld/{SLIDES}spTree")
    return found if found is not None else Element("empty")
