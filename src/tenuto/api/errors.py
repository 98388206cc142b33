"""From errors to answers: one shape, `application/problem+json`, for ours, the framework's and the unforeseen.

BrokenMedia and LimitExceeded are 422: the request's content itself cannot be used, and sending it again will not help.
What a server is missing or has broken is 5xx, and says when to come again where that can help.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from tenuto import errors, logs
from tenuto.api.v1.errors import error_response, is_openai

logger = logging.getLogger(__name__)

STATUS: Mapping[type[errors.TenutoError], int] = {
    errors.TenutoError: 500,
    errors.ValidationError: 422,
    errors.SettingsError: 500,  # the operator's mistake, not the caller's
    errors.NotFound: 404,
    errors.ConflictError: 409,
    errors.AccessDenied: 401,
    errors.BudgetExceeded: 402,
    errors.RejectedFile: 422,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.BrokenMedia: 422,
    errors.LimitExceeded: 422,
    errors.JobError: 409,
    errors.UnknownWork: 422,
    errors.EngineError: 500,
    errors.EngineMissing: 503,
    errors.EngineCrashed: 503,
    errors.EngineTimeout: 503,
    errors.RemoteError: 502,
    errors.RemoteQuota: 503,
    errors.RemoteBusy: 503,
    errors.RemoteDown: 503,
    errors.ServiceError: 503,
    errors.StorageFull: 507,
}
FRAMEWORK_CODES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    413: "too_large",
    414: "address_too_long",
    415: "unsupported_content",
    416: "range_not_satisfiable",
    431: "headers_too_large",
}
RETRY_AFTER_SECONDS = 5
IN_THE_WAY = ("song_id", "job_id")
SERVER_FAULT = 500


@dataclass(frozen=True)
class Problem:
    """What a caller is told."""

    status: int
    code: str
    detail: str
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)  # ids of what is in the way

    def body(self) -> dict[str, Any]:
        """The document of RFC 9457, with our code and the request it is about."""
        document: dict[str, Any] = {
            "type": f"urn:tenuto:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": logs.request_id.get(),
        }
        return document | ({"errors": list(self.errors)} if self.errors else {}) | dict(self.more)

    def response(self) -> Response:
        """The answer."""
        return Response(json.dumps(self.body()), self.status, dict(self.headers), media_type="application/problem+json")

    def answer(self, path: str) -> Response:
        """The answer in the shape that callers of this address expect."""
        if is_openai(path):
            return error_response(self.status, self.code, self.detail, fields=self.errors, headers=self.headers)
        return self.response()


def status_of(kind: type[errors.TenutoError]) -> int:
    """The status of an error's family."""
    return next(STATUS[member] for member in kind.__mro__ if member in STATUS)


def problem_of(error: errors.TenutoError) -> Problem:
    """The answer to one of our errors."""
    status = status_of(type(error))
    headers = {}
    if isinstance(error, errors.AccessDenied):
        headers["WWW-Authenticate"] = "Bearer"
    if status > SERVER_FAULT and error.retryable:
        asked = error.details.get("retry_after_seconds")
        headers["Retry-After"] = str(int(asked) if isinstance(asked, int | float) else RETRY_AFTER_SECONDS)
    field_name = error.details.get("field")
    fields = [{"field": str(field_name), "message": error.message}] if field_name else []
    more = {name: str(error.details[name]) for name in IN_THE_WAY if name in error.details}
    return Problem(status, error.code, error.message, fields, headers, more)


def problem_of_framework(error: HTTPException) -> Problem:
    """The answer to an error of the framework."""
    cause = error.__cause__
    if isinstance(cause, errors.TenutoError):  # Raised while the framework read the body.
        return problem_of(cause)
    if isinstance(cause, HTTPException | ClientDisconnect):
        return problem_of_framework(_as_framework(cause))
    code = FRAMEWORK_CODES.get(error.status_code, "error")
    detail = error.detail
    if detail == HTTPStatus(error.status_code).phrase:
        detail = {404: "There is nothing at this address.", 405: "This address does not take that method."}.get(
            error.status_code, f"{detail}."
        )
    return Problem(error.status_code, code, detail, headers=error.headers or {})


def _as_framework(error: HTTPException | ClientDisconnect) -> HTTPException:
    return error if isinstance(error, HTTPException) else HTTPException(400, "The request's body ended too early.")


def problem_of_validation(error: RequestValidationError) -> Problem:
    """The answer to a request that is not of the right shape; an impossible id simply does not exist."""
    found = error.errors()
    if found and all(item["loc"][0] == "path" for item in found):
        return Problem(404, errors.NotFound.code, "There is nothing with this id.")
    fields = [{"field": _place(item["loc"]), "message": str(item["msg"])[:300]} for item in found[:50]]
    first = f" {fields[0]['field']}: {fields[0]['message']}." if fields else ""
    return Problem(422, errors.ValidationError.code, f"The request cannot be understood.{first}", fields)


def _place(location: Sequence[object]) -> str:
    return ".".join(str(part)[:100] for part in (location[1:] if location[:1] == ("body",) else location)) or "body"


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TenutoError)  # noqa: S101 - tells mypy what the registration says
    problem = problem_of(error)
    if problem.status >= SERVER_FAULT:
        fields = {"action": "request_failed", "code": error.code, "cause": error.details.get("cause")}
        logger.error(error.message, extra=fields)
    return problem.answer(request.url.path)


def _frameworks(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException | ClientDisconnect)  # noqa: S101 - see above
    return problem_of_framework(_as_framework(error)).answer(request.url.path)


def _validations(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - see above
    return problem_of_validation(error).answer(request.url.path)


def _unforeseen(request: Request, error: Exception) -> Response:
    fields = {"action": "request_broke", "path": request.url.path, "method": request.method}
    logger.error("A request met an error nobody foresaw.", exc_info=error, extra=fields)
    detail = "An error in tenuto itself ended this request; its log has the details under the request id."
    return Problem(SERVER_FAULT, errors.TenutoError.code, detail).answer(request.url.path)


def install(api: FastAPI) -> None:
    """Answer every error in our one shape."""
    api.add_exception_handler(errors.TenutoError, _ours)
    api.add_exception_handler(HTTPException, _frameworks)
    api.add_exception_handler(ClientDisconnect, _frameworks)
    api.add_exception_handler(RequestValidationError, _validations)
    api.add_exception_handler(Exception, _unforeseen)
