"""What goes wrong with Yandex Cloud's calls, in our words: whose fault it is, and whether asking again may help."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tenuto import errors
from tenuto.engines.remote import quoted, retry_after_seconds

# Codes of gRPC by number: an operation that failed carries the number only.
FAMILIES: dict[int, type[errors.TenutoError]] = {
    1: errors.RemoteDown,  # CANCELLED
    2: errors.RemoteDown,  # UNKNOWN
    4: errors.EngineTimeout,  # DEADLINE_EXCEEDED
    7: errors.RemoteDenied,  # PERMISSION_DENIED
    8: errors.RemoteBusy,  # RESOURCE_EXHAUSTED
    10: errors.RemoteDown,  # ABORTED
    13: errors.RemoteDown,  # INTERNAL
    14: errors.RemoteDown,  # UNAVAILABLE
    15: errors.RemoteDown,  # DATA_LOSS
    16: errors.RemoteDenied,  # UNAUTHENTICATED
}
# After these nobody knows whether the service took the work: the line broke, or it is still at it.
IN_DOUBT = (1, 2, 4, 14)
NOBODY_THERE = ("failed to connect to all addresses", "connection refused", "dns resolution failed")
HOURLY = "quota"


@contextlib.contextmanager
def translated(*secrets: str) -> Iterator[None]:
    """Raise errors of gRPC as ours; the secrets never stand in a message."""
    import grpc  # noqa: PLC0415 - an extra

    try:
        yield
    except grpc.RpcError as error:
        said = str(error.details() or "")
        trailing = error.trailing_metadata() or ()
        headers = {str(name): str(value) for name, value in trailing}
        raise of_code(error.code().value[0], said, headers, *secrets) from error


def of_code(code: int, said: str, headers: dict[str, str], *secrets: str) -> errors.TenutoError:
    """The error for a code of gRPC and the service's own words."""
    family = FAMILIES.get(code, errors.RemoteRefused)
    if family is errors.RemoteBusy and "billing" in said.lower():
        family = errors.RemoteQuota
    unpaid = code not in IN_DOUBT or any(sign in said.lower() for sign in NOBODY_THERE)
    details: dict[str, Any] = {"unpaid": unpaid, "grpc_code": code}
    wait = retry_after_seconds(headers)
    if wait is not None:
        details["retry_after_seconds"] = wait
    advice = " Check TENUTO_YANDEX_API_KEY and TENUTO_YANDEX_FOLDER_ID." if family is errors.RemoteDenied else ""
    quote = quoted(said, *secrets).rstrip(".") or "no reason given"
    return family(f"Yandex SpeechKit answered with code {code}: {quote}.{advice}", **details)
