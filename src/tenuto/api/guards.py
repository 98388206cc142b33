"""What is refused before any route sees it: oversized heads and bodies, foreign hosts and pages, missing keys."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenuto import errors
from tenuto.api.errors import problem_of, problem_of_framework

HEAD_BYTES = 16 << 10
HEAD_COUNT = 100
TARGET_BYTES = 8 << 10
BODY_BYTES = 1 << 20
FORM_BYTES = 1 << 20  # Room for what a form holds beside its file.
LENGTH_DIGITS = 19  # of the largest length any machine can mean
STALL_SECONDS = 60.0
SLOWEST_BYTES_PER_SECOND = 1024
OPEN_PATH = "/health/live"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
UPLOADS = frozenset(
    {
        ("POST", "/api/files"),
        ("POST", "/api/jobs"),
        ("POST", "/api/presentations"),
        ("POST", "/api/songs"),
        ("POST", "/api/voices"),
        ("PUT", "/api/files/raw"),
        ("POST", "/v1/audio/transcriptions"),
        ("POST", "/v1/audio/translations"),
    }
)
RESUMABLE = "/api/uploads"


@dataclass(frozen=True)
class Policy:
    """What this server insists on."""

    api_key: str = ""
    extra_hosts: frozenset[str] = frozenset()
    max_upload_bytes: int = 500 << 20
    stall_seconds: float = STALL_SECONDS

    def body_limit(self, scope: Scope) -> int:
        """How many bytes a request to this address may carry."""
        return self.max_upload_bytes + FORM_BYTES if _brings_file(scope) else BODY_BYTES


def _brings_file(scope: Scope) -> bool:
    # JSON is read whole, also where another request may bring a file.
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    upload = (scope["method"], scope["path"]) in UPLOADS and kind != "application/json"
    return upload or scope["path"].startswith(RESUMABLE)


def check_head(scope: Scope) -> None:
    """Refuse heads nobody needs; the server below has wider limits of its own."""
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size > HEAD_BYTES or len(scope["headers"]) > HEAD_COUNT:
        raise HTTPException(
            431, f"The headers are too large; at most {HEAD_COUNT} and {HEAD_BYTES >> 10} KB are taken."
        )
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > TARGET_BYTES:
        raise HTTPException(414, f"The address is longer than the {TARGET_BYTES >> 10} KB this server reads.")


def check_host(headers: Headers, policy: Policy) -> None:
    """Answer only to this machine's own names: another name that leads here is a page's trick."""
    given = headers.getlist("host")
    if len(given) != 1 or _name_of(f"//{given[0]}") not in LOOPBACK | policy.extra_hosts:
        raise HTTPException(
            400, "This server answers to localhost only; it has no key and must not be reached by names."
        )


def check_origin(scope: Scope, headers: Headers, policy: Policy) -> None:
    """Without a key a browser needs no permission to write here, so only our own pages may."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return
    foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    origin = headers.get("origin")
    if (
        origin is not None
        and origin.partition("://")[2] != headers["host"]
        and _name_of(origin) not in policy.extra_hosts
    ):
        foreign = True
    if foreign:
        raise HTTPException(403, "A page of another site sent this; open tenuto's own pages, or set TENUTO_API_KEY.")


def check_key(headers: Headers, policy: Policy) -> None:
    """Ask for the key; what is wrong about it is nobody's business."""
    given = headers.getlist("authorization")
    scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    right = hmac.compare_digest(key.encode("latin-1"), policy.api_key.encode())
    if scheme.lower() != "bearer" or not right:
        raise errors.AccessDenied("This server needs its API key: send it as `Authorization: Bearer …`.")


def check_body(scope: Scope, headers: Headers, policy: Policy) -> None:
    """Refuse a body before a byte of it is read."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Compressed requests are not unpacked here; send the file as it is.")
    length = headers.get("content-length")
    if length is None:
        return
    if "transfer-encoding" in headers or len(headers.getlist("content-length")) > 1:
        raise HTTPException(400, "The request says its length in two ways.")
    if not length.isdecimal() or len(length) > LENGTH_DIGITS:
        raise HTTPException(400, "The Content-Length of the request is no length.")
    if int(length) > policy.body_limit(scope):
        raise too_long(scope, policy)


def too_long(scope: Scope, policy: Policy) -> errors.TooLarge:
    """The refusal of a body beyond the limit."""
    limit = policy.body_limit(scope)
    shown = policy.max_upload_bytes if limit != BODY_BYTES else limit
    return errors.TooLarge(f"The request is larger than the {shown / (1 << 20):.0f} MB this server takes here.")


class Guard:
    """Holds every request against the policy."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app, self.policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a body that is watched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            self._check(scope)
        except errors.TenutoError as error:
            await problem_of(error).answer(scope["path"])(scope, receive, send)
        except HTTPException as error:
            await problem_of_framework(error).answer(scope["path"])(scope, receive, send)
        else:
            body = WatchedBody(receive, self.policy.stall_seconds, self.policy.body_limit(scope))
            body.refusal = lambda: too_long(scope, self.policy)
            await self.app(scope, body.receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        check_head(scope)
        if self.policy.api_key:
            if scope["path"] != OPEN_PATH:
                check_key(headers, self.policy)
        else:
            check_host(headers, self.policy)
            check_origin(scope, headers, self.policy)
        check_body(scope, headers, self.policy)


class WatchedBody:
    """A request's body that may be neither too long nor too slow."""

    def __init__(self, receive: Receive, stall_seconds: float, limit: int) -> None:
        self._receive, self._stall, self._limit = receive, stall_seconds, limit
        self._size, self._over = 0, False
        self._waited, self._came = 0.0, 0
        self.refusal: Callable[[], errors.TooLarge] = errors.TooLarge

    async def receive(self) -> Message:
        """The next message; once the body is whole, waiting for the client to leave may take for ever."""
        if self._over:
            return await self._receive()
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._stall):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"Nothing came for {self._stall:.0f} s.", _CLOSE) from None
        self._over = message["type"] != "http.request" or not message.get("more_body")
        self._watch(len(message.get("body", b"")), time.monotonic() - started)
        return message

    def _watch(self, size: int, waited: float) -> None:
        self._size += size
        if self._size > self._limit:
            raise self.refusal()
        self._waited, self._came = self._waited + waited, self._came + size
        if self._waited >= self._stall:
            if self._came < self._stall * SLOWEST_BYTES_PER_SECOND and not self._over:
                raise HTTPException(408, "The request comes too slowly.", _CLOSE)
            self._waited, self._came = 0.0, 0


_CLOSE = {"Connection": "close"}


def _name_of(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
