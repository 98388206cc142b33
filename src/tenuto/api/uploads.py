"""Bodies on their way to disk: never whole in memory, never a second copy, written in large pieces off the loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import unquote

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from tenuto import errors
from tenuto.api.forms import FormReader
from tenuto.bootstrap import Tenuto
from tenuto.services.files import Upload

BATCH_BYTES = 1 << 20


@asynccontextmanager
async def form_of(request: Request, house: Tenuto, kind: type[FormReader] = FormReader) -> AsyncIterator[FormReader]:
    """The form a request brings; its file is gone afterwards unless it was taken in."""
    reader = kind(request.headers.get("content-type", ""), house.files.upload)
    await run_in_threadpool(house.files.check_disk_space, _declared(request))
    try:
        await pour(request, reader.write)
        reader.finish()
        yield reader
    finally:
        await run_in_threadpool(reader.close)


@asynccontextmanager
async def raw_of(request: Request, house: Tenuto, name: str) -> AsyncIterator[Upload]:
    """The file that is a request's whole body."""
    upload = await run_in_threadpool(house.files.upload, name, _declared(request))
    try:
        await pour(request, upload.write)
        yield upload
    finally:
        await run_in_threadpool(upload.__exit__, None, None, None)


def _declared(request: Request) -> int:
    """How much the body will bring, when it says so."""
    return int(request.headers.get("content-length", "0"))


async def pour(request: Request, write: Callable[[bytes], object]) -> None:
    """Hand the body over in pieces of about a megabyte."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if size >= BATCH_BYTES:
            await run_in_threadpool(write, b"".join(pieces))
            pieces, size = [], 0
    if size:
        await run_in_threadpool(write, b"".join(pieces))


def name_in(request: Request) -> str:
    """The file's name: in the address, or in X-File-Name as percent-coded text, with or without RFC 8187's prefix."""
    given = request.query_params.get("name") or request.headers.get("x-file-name", "")
    if "name" in request.query_params:
        return given
    charset, quote, coded = given.partition("''")
    if quote and charset.lower() != "utf-8":
        raise errors.ValidationError("X-File-Name must be coded as UTF-8: UTF-8''name.wav with %XX for other signs.")
    return unquote(coded if quote else given)
