"""Errors under /v1 in the one shape that OpenAI's clients read, with word on whether to try again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

PREFIX = "/v1/"
JOB_HEADER, RETRY_HEADER = "X-Tenuto-Job-Id", "X-Should-Retry"
SERVER_FAULT = 500
# What OpenAI calls a thing, where it has a word for it; anything else keeps tenuto's own code.
CODES = {
    "unauthorized": "invalid_api_key",
    "budget_exceeded": "insufficient_quota",
    "invalid": "invalid_value",
    "error": None,
}
# OpenAI answers 400 to every request it cannot use, and 429 when the money is spent.
STATUSES = {402: 429, 415: 400, 422: 400, 507: 503}
# What stays as it is until an operator does something, or the request is another one.
AGAIN_IS_USELESS = ("conflict", "budget_exceeded", "engine_missing", "bad_settings", "schema_mismatch")


def is_openai(path: str) -> bool:
    """Whether an address belongs to this part."""
    return path.startswith(PREFIX)


def error_body(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """The document of an error."""
    kind = "server_error" if status >= SERVER_FAULT else "invalid_request_error"
    if code in ("budget_exceeded", "rate_limited"):
        kind = CODES.get(code) or "requests"
    return {"error": {"message": message, "type": kind, "param": param, "code": CODES.get(code, code)}}


def error_response(
    status: int,
    code: str,
    message: str,
    *,
    fields: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    job_id: str = "",
) -> Response:
    """The answer to a request that failed; once there is a job, asking again would only run another one."""
    status = STATUSES.get(status, status)
    told = dict(headers or {})
    if job_id:
        told |= {JOB_HEADER: job_id}
    if job_id or code in AGAIN_IS_USELESS:
        told |= {RETRY_HEADER: "false"}
    param = fields[0]["field"] if fields else None
    return Response(json.dumps(error_body(status, code, message, param)), status, told, media_type="application/json")
