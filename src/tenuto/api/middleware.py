"""The outermost layer of every request: its id, the headers every answer carries, and one line in the log."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenuto import logs

logger = logging.getLogger(__name__)
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
# Nothing we answer is a page that may run something; a page that is one says so itself.
DEFAULT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}
GONE = 499  # Nobody waited for the answer; the number nginx uses.


class RequestLog:
    """Names, labels and logs every request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = logs.request_id.set(request_id)
        started, status = time.perf_counter(), GONE

        async def labelled(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in DEFAULT_HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-ID"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, labelled)
        finally:
            fields = {"action": "request", "method": scope["method"], "path": scope["path"][:300], "status": status}
            took = round((time.perf_counter() - started) * 1000, 1)
            client = scope["client"][0] if scope.get("client") else ""
            logger.info("A request was answered.", extra={**fields, "duration_ms": took, "client": client})
            logs.request_id.reset(token)
