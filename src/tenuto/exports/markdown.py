"""Markdown: speakers as headings, times in bold, and every sign of the words escaped that Markdown would act on.

No word becomes markup, raw HTML, a link, an image or a mention, in CommonMark and in the dialects that add to it.
"""

from __future__ import annotations

import re

from tenuto.domain.transcripts import Transcript
from tenuto.exports.base import Format
from tenuto.exports.document import facts_of, paragraphs_of, title_of
from tenuto.exports.plain import clock_time

# A colon before a letter could end the scheme of an address or name an emoji, a dot after www begin an address.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>&~|#!$^=@]|:(?=\S)|(?<=[wW]{3})\.")


def _escape(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def render(transcript: Transcript) -> bytes:
    """Write the transcript as Markdown."""
    blocks = [f"# {_escape(title_of(transcript))}\n"]
    facts = "".join(f"- {name}: {_escape(value)}\n" for name, value in facts_of(transcript))
    if facts:
        blocks.append(facts)
    speaker = ""
    for paragraph in paragraphs_of(transcript):
        if paragraph.speaker != speaker:
            speaker = paragraph.speaker
            blocks.append(f"## {_escape(speaker)}\n")
        blocks.append(f"**{clock_time(paragraph.start_ms)}** {_escape(paragraph.text)}\n")
    return "\n".join(blocks).encode()


FORMAT = Format("md", "md", "text/markdown", "Markdown: speakers as headings, a time before each paragraph", render)
