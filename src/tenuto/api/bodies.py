"""JSON as we take it: one meaning, whatever reads it later, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from tenuto import errors

MAX_DEPTH = 32
LARGEST = 1 << 63
ShapeT = TypeVar("ShapeT", bound=BaseModel)


def read_body(shape: type[ShapeT], given: Any) -> ShapeT:
    """Read a body that no framework read for us; what is wrong is told as it tells it."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        found = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        raise RequestValidationError(found) from error


def strict_json(data: bytes | str) -> Any:
    """Read JSON that both databases can keep: no NaN, no double names, no NUL, no half characters, not too deep."""
    try:
        text = data if isinstance(data, str) else data.decode()
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_each_name_once)
        _check(value)
    except (ValueError, RecursionError) as error:
        shown = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise errors.ValidationError(f"This is not JSON this server takes: {shown[:200]}.") from None
    return value


def check_text(text: str) -> str:
    """Refuse text that one of the databases cannot keep."""
    if "\x00" in text:
        raise ValueError("a text holds a NUL character")
    text.encode()  # Half of a surrogate pair raises UnicodeEncodeError, which is a ValueError.
    return text


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _check(value: Any) -> None:
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        if isinstance(item, str):
            check_text(item)
        elif isinstance(item, int | float) and not abs(item) < LARGEST:
            raise ValueError("a number is too large")
        elif isinstance(item, list):
            waiting += [(part, depth + 1) for part in item]
        elif isinstance(item, dict):
            waiting += [(part, depth + 1) for pair in item.items() for part in pair]


class StrictRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:
        """The body as JSON."""
        return strict_json(await self.body())


class StrictRoute(APIRoute):
    """A route that reads JSON strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await inner(StrictRequest(request.scope, request.receive))

        return handler
