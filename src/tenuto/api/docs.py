"""/docs: every route on one plain page that loads nothing."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)
HEADERS = {"Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"}


@router.get("/docs")
async def show_docs(request: Request) -> HTMLResponse:
    """The routes, as /openapi.json has them."""
    document = request.app.openapi()
    rows = "".join(
        f"<tr><td>{escape(method.upper())}<td><code>{escape(path)}</code><td>{escape(_sentence(operation))}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>tenuto: HTTP routes</title>'
        '<h1>tenuto: HTTP routes</h1><p>For machines: <a href="/openapi.json">openapi.json</a>. '
        "Every error is application/problem+json.</p>"
        f"<table><tr><th>Method<th>Address<th>What it does{rows}</table></html>"
    )
    return HTMLResponse(page, headers=HEADERS)


def _sentence(operation: dict[str, str]) -> str:
    return operation.get("description") or operation.get("summary", "")
