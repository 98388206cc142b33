"""A document for word processors (OOXML), written without a library: it needs five small parts in a zip.

The same transcript gives the same bytes: no dates, no ids. Text that runs from right to left is marked as such, run by
run, because word processors do not find out by themselves.
"""

from __future__ import annotations

import html
import io
import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.document import facts_of, paragraphs_of, title_of
from tenuto.exports.docx_parts import CORE, DOCUMENT, FIXED_PARTS
from tenuto.exports.plain import clock_time

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BOLD, FAINT = "<w:b/><w:bCs/>", '<w:color w:val="767676"/>'

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can carry
_NOT_XML = re.compile("[\ufffe\uffff]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]")


def render(transcript: Transcript) -> bytes:
    """Write the transcript as a document."""
    title = title_of(transcript)
    body = [_paragraph("Title", [(title, "")])]
    body += [_paragraph("Fact", [(f"{name}: ", FAINT), (value, "")]) for name, value in facts_of(transcript)]
    speaker = ""
    for paragraph in paragraphs_of(transcript):
        if paragraph.speaker != speaker:
            speaker = paragraph.speaker
            body.append(_paragraph("Speaker", [(speaker, BOLD)]))
        body.append(_paragraph("", [(f"{clock_time(paragraph.start_ms)} ", FAINT), (paragraph.text, "")]))
    written = {
        **FIXED_PARTS,
        "docProps/core.xml": CORE.format(title=_xml(title)),
        "word/document.xml": DOCUMENT.format(body="".join(body)),
    }
    return _zip(written)


def _zip(parts: dict[str, str]) -> bytes:
    import zipfile  # noqa: PLC0415 - every command names the formats in its help, and few write this one

    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 0, 0o600 << 16
            archive.writestr(entry, text)
    return package.getvalue()


def _xml(text: str) -> str:
    return html.escape(_NOT_XML.sub("\ufffd", text), quote=False)


def _paragraph(style: str, runs: list[tuple[str, str]]) -> str:
    """One paragraph of runs, each a text and its looks; the last text says which way it goes."""
    backwards = _runs_backwards(runs[-1][0])
    marks = f'<w:pStyle w:val="{style}"/>' if style else ""
    marks += "<w:bidi/>" if backwards else ""
    written = "".join(_run(text, looks, backwards=backwards) for text, looks in runs)
    return f"<w:p>{f'<w:pPr>{marks}</w:pPr>' if marks else ''}{written}</w:p>"


def _run(text: str, looks: str, *, backwards: bool) -> str:
    written = ""
    for is_backwards, part in _by_direction(text, backwards=backwards):
        marks = looks + ("<w:rtl/>" if is_backwards else "")
        properties = f"<w:rPr>{marks}</w:rPr>" if marks else ""
        written += f'<w:r>{properties}<w:t xml:space="preserve">{_xml(part)}</w:t></w:r>'
    return written


def _runs_backwards(text: str) -> bool:
    if not _RIGHT_TO_LEFT.search(text):
        return False
    kinds = (unicodedata.bidirectional(char) for char in text)
    return next((kind != "L" for kind in kinds if kind in {"L", "R", "AL"}), False)


def _by_direction(text: str, *, backwards: bool) -> Iterator[tuple[bool, str]]:
    """Parts of `text` and whether they run from right to left; what has no direction goes with what it follows."""
    if not _RIGHT_TO_LEFT.search(text):
        # Digits and signs alone stay as they are, also in a paragraph that runs the other way.
        yield False, text
        return
    directions = []
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in {"L", "R", "AL", "AN"}:
            backwards = kind != "L"
        directions.append((backwards, char))
    for is_backwards, part in groupby(directions, key=lambda pair: pair[0]):
        yield is_backwards, "".join(char for _, char in part)


FORMAT = Format("docx", "docx", MEDIA_TYPE, "a document for Word or LibreOffice", render)
