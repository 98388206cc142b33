"""For receivers of webhooks: whether a call comes from the server that knows the secret, and came just now."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from tenuto import errors

HEADER = "Tenuto-Signature"


def verify_webhook(
    headers: Mapping[str, str], body: bytes, secret: str, *, tolerance_seconds: float = 300
) -> dict[str, Any]:
    """Return the event that a call brings, or raise AccessDenied; `body` is what came, byte for byte."""
    given = next((value for name, value in headers.items() if name.lower() == HEADER.lower()), "")
    parts = [part.strip().partition("=") for part in given.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit():
        raise errors.AccessDenied(f"The call has no {HEADER} header that can be read.")
    expected = hmac.new(secret.encode(), f"{times[0]}.".encode() + body, hashlib.sha256).hexdigest()
    marks = [value for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(mark.encode(), expected.encode()) for mark in marks):
        raise errors.AccessDenied("The signature is not of this secret and this body.")
    if abs(time.time() - int(times[0])) > tolerance_seconds:
        raise errors.AccessDenied("The call is older than it may be; somebody may be sending it a second time.")
    event: dict[str, Any] = json.loads(body)
    return event
