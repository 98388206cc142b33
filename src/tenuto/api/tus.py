"""/api/uploads: recordings in pieces, by the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload).

Core, creation, creation-with-upload, checksum, expiration and termination.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from tenuto import errors
from tenuto.api.errors import Problem
from tenuto.api.owner import Owner
from tenuto.api.parts import House, Uid
from tenuto.api.uploads import BATCH_BYTES
from tenuto.bootstrap import Tenuto
from tenuto.services.resumable import ALGORITHMS, CHECKSUM, EXPIRED, Checksum, Piece
from tenuto.services.spools import BUSY

VERSION = "1.0.0"
DISCARDED_BYTES = 4 << 20
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
PIECE_TYPE = "application/offset+octet-stream"
MALFORMED, OTHER_VERSION, OTHER_TYPE = "malformed", "other_version", "other_type"
# What the protocol answers otherwise than the rest of tenuto does: reason → status, code.
ANSWERS: Mapping[object, tuple[int, str]] = {
    MALFORMED: (400, "bad_request"),
    EXPIRED: (410, "gone"),
    OTHER_VERSION: (412, "unsupported_version"),
    OTHER_TYPE: (415, "unsupported_content"),
    BUSY: (423, "locked"),
    CHECKSUM: (460, "checksum_mismatch"),
}
NUMBER = re.compile(r"[0-9]{1,18}")
METADATA = re.compile(r"([!-+\--~]+)(?: +([A-Za-z0-9+/=]*))?")
BYTES: dict[str, Any] = {"content": {PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


class TusRoute(APIRoute):
    """A route that speaks one version of the protocol and answers errors with the protocol's statuses."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say the version in every answer."""

        async def versioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        await super().handle(scope, receive, versioned)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                _check_version(request)
                return await inner(request)
            except errors.TenutoError as error:
                await _discard(request)
                reason = error.details.get("reason")
                if reason not in ANSWERS:
                    raise
                return _TusProblem(*ANSWERS[reason], error.message, headers={"Tus-Version": VERSION}).response()

        return handler


class _TusProblem(Problem):
    """A problem whose status only this protocol may know."""

    def body(self) -> dict[str, Any]:
        """The document, with a title for the protocol's own status."""
        if self.status in list(HTTPStatus):
            return super().body()
        return {**Problem(400, self.code, self.detail).body(), "title": "Checksum Mismatch", "status": self.status}


router = APIRouter(prefix="/api/uploads", tags=["uploads"], route_class=TusRoute)


@router.options("", include_in_schema=False)
@router.options("/{uid}", include_in_schema=False)
async def describe(house: House) -> Response:
    """What of the protocol is spoken here."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(house.files.limits.max_upload_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.post("", status_code=201, response_class=Response, openapi_extra={"requestBody": BYTES})
async def create_upload(request: Request, house: House, owner: Owner) -> Response:
    """Begin a recording of `Upload-Length` bytes, which may bring the first of them; its address is in `Location`."""
    headers = request.headers
    if "upload-defer-length" in headers or "upload-concat" in headers:
        raise _malformed("An upload must say its length when it begins, and cannot be put together from others.")
    metadata = ",".join(headers.getlist("upload-metadata"))
    name, length = filename_in(metadata), number_in(request, "Upload-Length")
    brings = _brings_bytes(request)
    row = await run_in_threadpool(house.resumable.create, owner, name, length, metadata)
    if brings:
        try:
            row = await _receive(request, house, row, 0)
        except BaseException:
            # Nobody was told where the upload is, so nobody can go on with it.
            with suppress(errors.NotFound):
                await run_in_threadpool(house.resumable.delete, owner, row.uid)
            raise
    answer = _answer(row, 201)
    answer.headers["Location"] = f"/api/uploads/{row.uid}"
    return answer


@router.head("/{uid}", include_in_schema=False)
def get_offset(uid: Uid, house: House, owner: Owner) -> Response:
    """How far an upload is; once it is whole also which file it became."""
    row = house.resumable.get(owner, uid)
    answer = _answer(row, 200)
    answer.headers["Upload-Length"] = str(row.length_bytes)
    answer.headers["Cache-Control"] = "no-store"
    if row.description:
        answer.headers["Upload-Metadata"] = row.description
    return answer


@router.patch("/{uid}", status_code=204, response_class=Response, openapi_extra={"requestBody": BYTES})
async def send_piece(uid: Uid, request: Request, house: House, owner: Owner) -> Response:
    """Send the bytes from `Upload-Offset` on; with the last of them the answer names the file: `Tenuto-File-Id`."""
    row = await run_in_threadpool(house.resumable.get, owner, uid)
    if _content_type(request) != PIECE_TYPE:
        raise errors.ValidationError(f"A piece of an upload is sent as {PIECE_TYPE}.", reason=OTHER_TYPE)
    offset = number_in(request, "Upload-Offset")
    return _answer(await _receive(request, house, row, offset), 204)


@router.delete("/{uid}", status_code=204)
def end_upload(uid: Uid, house: House, owner: Owner) -> None:
    """Drop an upload; the file it became, if it did, stays."""
    house.resumable.delete(owner, uid)


@router.post("/{uid}", include_in_schema=False)
async def override_method(uid: Uid, request: Request, house: House, owner: Owner) -> Response:
    """Serve clients whose surroundings know no PATCH and no DELETE."""
    wanted = request.headers.get("x-http-method-override", "").upper()
    if wanted == "PATCH":
        return await send_piece(uid, request, house, owner)
    if wanted == "DELETE":
        await run_in_threadpool(end_upload, uid, house, owner)
        return Response(status_code=204)
    raise HTTPException(405, headers={"Allow": "DELETE, HEAD, OPTIONS, PATCH"})


async def _receive(request: Request, house: Tenuto, row: Any, offset: int) -> Any:
    checksum = checksum_in(request)
    size = number_in(request, "Content-Length") if "content-length" in request.headers else None

    def begin() -> Piece:
        return house.resumable.receive(row.owner_id, row.uid, offset, size_bytes=size, checksum=checksum)

    piece = await run_in_threadpool(begin)
    try:
        await _pour(request, piece)
        return await run_in_threadpool(piece.finish)
    finally:
        await run_in_threadpool(piece.close)


async def _pour(request: Request, piece: Piece) -> None:
    """Hand the body over in pieces of about a megabyte; also what came last before a connection broke."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size >= BATCH_BYTES:
                data, parts, size = b"".join(parts), [], 0
                await run_in_threadpool(piece.write, data)
    finally:
        if size:
            await run_in_threadpool(piece.write, b"".join(parts))


async def _discard(request: Request) -> None:
    """Read what a refused client still sends: it would meet a closed connection instead of its answer."""
    size = 0
    if "expect" in request.headers:
        return  # It waits for the answer before it sends.
    with suppress(ClientDisconnect, HTTPException, RuntimeError):  # The last says that nothing is left.
        async for part in request.stream():
            size += len(part)
            if size > DISCARDED_BYTES:
                return


def number_in(request: Request, name: str) -> int:
    """A header that must be there and be a number."""
    given = request.headers.get(name, "")
    if not NUMBER.fullmatch(given):
        raise _malformed(f"The header {name} must be a number.")
    return int(given)


def checksum_in(request: Request) -> Checksum | None:
    """What the piece must hash to, when the client says so."""
    given = request.headers.get("upload-checksum")
    if given is None:
        return None
    algorithm, _, coded = given.partition(" ")
    if algorithm not in ALGORITHMS:
        raise _malformed(f"The checksum must be one of {', '.join(ALGORITHMS)}.")
    return Checksum(algorithm, _decoded(coded, "Upload-Checksum"))


def filename_in(metadata: str) -> str:
    """The file's name in Upload-Metadata: pairs of a key and a Base64 value, parted by commas."""
    pairs: dict[str, str] = {}
    for item in metadata.split(",") if metadata else ():
        match = METADATA.fullmatch(item.strip(" "))
        if match is None or match[1] in pairs:
            raise _malformed("Upload-Metadata must hold pairs of a key and a Base64 value, each key once.")
        pairs[match[1]] = match[2] or ""
    values = {key: _decoded(coded, "Upload-Metadata") for key, coded in pairs.items()}
    try:
        name = values.get("filename", b"").decode()
    except UnicodeDecodeError:
        raise _malformed("The filename in Upload-Metadata is not UTF-8.") from None
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in name):
        raise _malformed("The filename in Upload-Metadata holds control characters.")
    return name


def _decoded(coded: str, header: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=True)
    except binascii.Error:
        raise _malformed(f"A value in {header} is not Base64.") from None


def _malformed(message: str) -> errors.ValidationError:
    return errors.ValidationError(message, reason=MALFORMED)


def _check_version(request: Request) -> None:
    if request.method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
        raise errors.ValidationError(f"This address speaks tus; send Tus-Resumable: {VERSION}.", reason=OTHER_VERSION)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _brings_bytes(request: Request) -> bool:
    if _content_type(request) == PIECE_TYPE:
        return True
    if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
        raise errors.ValidationError(f"The first bytes of an upload are sent as {PIECE_TYPE}.", reason=OTHER_TYPE)
    return False


def _answer(row: Any, status: int) -> Response:
    headers = {"Upload-Offset": str(row.offset_bytes)}
    if row.file_uid is None:
        headers["Upload-Expires"] = format_datetime(row.expires_at, usegmt=True)
    else:
        headers["Tenuto-File-Id"] = row.file_uid
    return Response(status_code=status, headers=headers)
