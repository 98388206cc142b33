"""What OpenAPI says of bodies that are read by hand: forms that bring a file, or the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

TEXT = {"type": "string"}
FILE = {"type": "string", "format": "binary"}


def form_with_file(
    fields: Mapping[str, Mapping[str, str]], *, required: tuple[str, ...] = (), as_json: type[BaseModel] | None = None
) -> dict[str, Any]:
    """A form of a file and `fields`; where there is such a shape, JSON will do as well."""
    form = {"type": "object", "required": ["file", *required], "properties": {"file": FILE, **fields}}
    content: dict[str, Any] = {"multipart/form-data": {"schema": form}}
    if as_json is not None:
        content["application/json"] = {"schema": as_json.model_json_schema()}
    return {"requestBody": {"required": True, "content": content}}
