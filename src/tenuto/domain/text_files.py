"""Text files as programs save them."""

from __future__ import annotations

import codecs


def decode_text(data: bytes) -> str:
    """The text of UTF-8, or of UTF-16 with its mark; UnicodeDecodeError for what is neither."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if marked else "utf-8-sig")
