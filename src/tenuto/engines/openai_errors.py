"""What goes wrong with OpenAI's API, in our words: whose fault it is, and whether asking again may help."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tenuto import errors
from tenuto.engines.remote import quoted, retry_after_seconds

QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
DENIED = (401, 403)
TOO_MANY = 429
PASSING = (408, 409, 425)
SERVER_FAULT = 500
# What stands between us and the service says these when it got no answer in time: the work may be done and charged.
IN_DOUBT = (408, 502, 504, *range(520, 528))


@contextlib.contextmanager
def translated(key: str, timeout_seconds: float) -> Iterator[None]:
    """Raise the client's errors as ours; `key` never stands in a message."""
    import openai  # noqa: PLC0415 - half a second, and an extra

    try:
        yield
    except openai.APITimeoutError as error:
        raise errors.EngineTimeout(f"OpenAI's API did not answer within {timeout_seconds:g} s.") from error
    except openai.APIConnectionError as error:
        cause = error.__cause__
        # Nobody was there to be asked: that cannot have cost anything.
        unpaid = type(cause).__name__ in ("ConnectError", "ConnectTimeout", "UnsupportedProtocol")
        what = "cannot be reached" if unpaid else "broke the connection before its answer was here"
        raise errors.RemoteDown(
            f"OpenAI's API {what}: {quoted(cause or error, key).rstrip('.')}.", unpaid=unpaid
        ) from error
    except openai.APIStatusError as error:
        raise _of_status(error, key) from error
    except openai.OpenAIError as error:
        raise errors.RemoteNonsense(f"OpenAI's API answered what is no answer: {quoted(error, key)}.") from error


def _of_status(error: Any, key: str) -> errors.TenutoError:
    status = int(error.status_code)
    body = error.body if isinstance(error.body, dict) else {}
    said = quoted(body.get("message") or body.get("detail") or error.body or error.message, key).rstrip(".")
    message = f"OpenAI's API answered {status}: {said}."
    wait = retry_after_seconds(error.response.headers)
    details: dict[str, Any] = {"unpaid": status not in IN_DOUBT, "status": status}
    if wait is not None:
        details["retry_after_seconds"] = wait
    if status in DENIED:
        return errors.RemoteDenied(f"{message} Check TENUTO_OPENAI_API_KEY.", **details)
    if status == TOO_MANY and {body.get("code"), body.get("type")} & set(QUOTA):
        return errors.RemoteQuota(message, **details)
    if status == TOO_MANY:
        return errors.RemoteBusy(message, **details)
    if status in PASSING or status >= SERVER_FAULT:
        return errors.RemoteDown(message, **details)
    return errors.RemoteRefused(message, **details)
