"""Requests that go to the application in this process instead of over a network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from fastapi import FastAPI


class InProcess(httpx.BaseTransport):
    """Requests go to an application in this process."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask and wait for the whole answer."""
        return asyncio.run(self._ask(request.method, str(request.url), dict(request.headers), request.read()))

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.request(method, url, headers=headers, content=body)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
