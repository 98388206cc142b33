"""Bytes on their way out: single ranges, validators, and names every system can keep."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import quote

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from tenuto.services.files import Readable

RANGE = re.compile(r"(?i:bytes)=(\d{0,18})-(\d{0,18})")
# What Windows does not allow, and signs that turn the direction of writing and so hide an extension.
UNWANTED = re.compile('[<>:"/\\\\|?*\\x00-\\x1f\\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]')
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
PARTIAL, NOT_MODIFIED = 206, 304


def disposition(name: str) -> str:
    """Content-Disposition for a download: a plain name for old readers, the real one for the others."""
    name = name.encode(errors="replace").decode()  # Half of a surrogate pair is no text.
    safe = UNWANTED.sub("_", name).strip(" .") or "download"
    if RESERVED.match(safe):
        safe = f"_{safe}"
    stem, dot, extension = safe.rpartition(".") if "." in safe else (safe, "", "")
    plain = f"{_plain(stem) or 'download'}{dot}{_plain(extension)}".strip(" .")
    coded = quote(safe, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}"


def _plain(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._ ()+-]", "_", ascii_only).strip(" .")


def wanted_range(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """First byte and length of the one range asked for; None for the whole, which also answers several ranges."""
    header = request.headers.get("range", "")
    asked = RANGE.fullmatch(header.replace(" ", "")) if len(header) < 100 else None  # noqa: PLR2004 - one range is short
    if asked is None or asked[1] == asked[2] == "" or request.headers.get("if-range", etag) != etag:
        return None
    if asked[1]:
        first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
        if asked[2] and int(asked[2]) < first:
            return None
    else:
        first, last = max(size - int(asked[2]), 0), size - 1
    if first >= size or last < first:
        raise HTTPException(416, f"The file has {size} bytes.", {"Content-Range": f"bytes */{size}"})
    return first, last - first + 1


def send_stored(request: Request, stored: Readable, read: Callable[[Readable, int, int], Iterator[bytes]]) -> Response:
    """Answer with stored bytes, or with a part of them, or with word that they are the same."""
    etag = f'"{stored.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(stored.name),
    }
    # A proxy that compressed it calls a validator weak.
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if known & {etag, "*"}:
        return Response(status_code=NOT_MODIFIED, headers=headers)
    part = wanted_range(request, stored.size_bytes, etag) if request.method == "GET" else None
    first, length = part or (0, stored.size_bytes)
    if part:
        headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{stored.size_bytes}"
    headers |= {"Content-Length": str(length), "Content-Type": stored.media_type}
    status = PARTIAL if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(read(stored, first, length), status, headers)
