"""The child's side of pictures of slides: everything here opens what strangers made, one slide at a time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.decks import from_json
from tenuto.media.deck_copy import DeckCopy
from tenuto.media.sandbox import Emit, Payload, translated
from tenuto.media.slide_canvas import INSTALL, Canvas, pillow
from tenuto.media.slide_plain import draw_words

Drawn = Callable[[int], Any]
# The simple renderer was not made for hostile decks: whatever it meets in one slide, the words remain.
MEETS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def copy_deck(payload: Payload, _emit: Emit) -> Payload:
    """Write a deck without what no renderer needs, and tell what each slide holds."""
    pillow()
    with translated("deck"), Path(payload["source"]).open("rb") as file:
        copy = DeckCopy(file)
        copy.write(Path(payload["target"]))
        return {"flaws": _told(copy.flaws()), "things": _told(copy.things()), "fonts": _told(copy.fonts())}


def _told(found: dict[int, list[str]]) -> dict[str, list[str]]:
    """JSON's keys are text."""
    return {str(number): words for number, words in found.items() if words}


def draw_pages(payload: Payload, emit: Emit) -> Payload:
    """Draw the pages of a PDF, which are the slides; nothing is drawn when there are more or fewer."""
    try:
        import pypdfium2  # noqa: PLC0415 - of the extra `slides`
    except ImportError as error:
        raise errors.EngineMissing(f"Pages are drawn by the package pypdfium2: {INSTALL}.") from error
    canvas, fonts = _canvas(payload), set()
    with translated("deck"):
        try:
            document = pypdfium2.PdfDocument(payload["source"])
        except pypdfium2.PdfiumError as error:
            raise errors.EngineError(f"LibreOffice's pages cannot be read: {error}.") from error
        try:
            pages = len(document)
            for number in range(1, pages + 1) if pages == payload["slides"] else ():
                page = document[number - 1]
                fonts |= set(_fonts(page))
                bitmap = page.render(scale=canvas.scale(*page.get_size()))
                canvas.keep(number, bitmap.to_pil())
                bitmap.close()
                page.close()
                emit({"progress": number / pages})
        finally:
            document.close()
    return {"pages": pages, "fonts": sorted(fonts)}


def _fonts(page: Any) -> Iterable[str]:
    """The fonts a page really uses, without the six letters that mark a subset."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - of the extra `slides`

    for item in page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_TEXT,), max_depth=4):
        font = item.get_font()
        yield font.get_base_name().rpartition("+")[2]


def draw_simply(payload: Payload, emit: Emit) -> Payload:
    """Draw the slides without LibreOffice; where that fails, write their words on a page."""
    canvas, deck = _canvas(payload), from_json(payload["deck"])
    renderers, flaws = {}, {}
    draw = _simple_renderer(Path(payload["source"]), canvas, deck.width / deck.height)
    for slide in deck.slides:
        try:
            drawn, renderer = draw(slide.number - 1), "render-pptx"
        except MEETS as problem:
            drawn, renderer = draw_words(slide, canvas, deck.width / deck.height), "plain"
            flaws[str(slide.number)] = [f"It could not be drawn ({type(problem).__name__}); only its words are shown."]
        canvas.keep(slide.number, drawn)
        renderers[str(slide.number)] = renderer
        emit({"progress": len(renderers) / len(deck.slides)})
    return {"renderers": renderers, "flaws": flaws}


def _simple_renderer(source: Path, canvas: Canvas, aspect: float) -> Drawn:
    """What draws the slide of an index; a deck it cannot open at all fails with each slide."""
    try:
        import pptx  # noqa: PLC0415 - of the extra `slides`
        import render_pptx  # noqa: PLC0415 - of the extra `slides`
    except ImportError as error:
        raise errors.EngineMissing(f"Slides are drawn by render-pptx where LibreOffice is not: {INSTALL}.") from error
    width = round(min(canvas.width, canvas.height * aspect))
    presentation = None

    def draw(index: int) -> Any:
        nonlocal presentation
        presentation = presentation or pptx.Presentation(str(source))
        return render_pptx.render_slide(presentation, index, width)

    return draw


def _canvas(payload: Payload) -> Canvas:
    return Canvas(Path(payload["folder"]), payload["width"], payload["height"])
