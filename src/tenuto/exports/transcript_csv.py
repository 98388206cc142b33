"""A table of passages (RFC 4180), safe to open in a spreadsheet.

UTF-8 with a byte order mark, without which Excel reads it in the local code page; every cell is quoted. A sign that
would start a formula is prefixed with `'` at the start of a cell, and after `;` or `"`, where a spreadsheet that parts
cells at semicolons would begin a new one.
"""

from __future__ import annotations

import csv
import io
import math
import re

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.plain import passages, speaker_name, timestamp

COLUMNS = ("number", "start", "end", "start_ms", "end_ms", "speaker", "text", "confidence")
# Spreadsheets take the full-width forms for the plain ones. White space is let pass because they trim it.
_FORMULA = re.compile(r"""(^|[;"])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")


def defuse(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1\2'", text)


def render(transcript: Transcript) -> bytes:
    """Write the transcript as comma-separated values."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for number, passage in enumerate(passages(transcript), start=1):
        segment = passage.segment
        confidence = segment.confidence
        known = confidence is not None and math.isfinite(confidence)
        writer.writerow(
            (
                number,
                timestamp(segment.start_ms, "."),
                timestamp(segment.end_ms, "."),
                segment.start_ms,
                segment.end_ms,
                defuse(speaker_name(transcript, passage.segment)),
                defuse(passage.text),
                confidence if known else "",
            )
        )
    return table.getvalue().encode("utf-8-sig")


FORMAT = Format("csv", "csv", "text/csv", "a table for spreadsheets", render)
