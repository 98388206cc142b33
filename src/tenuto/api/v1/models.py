"""/v1/models: the names a client may give as `model`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from tenuto.api.owner import Owner
from tenuto.api.parts import House
from tenuto.api.v1.names import listed, require_model

router = APIRouter(prefix="/v1/models", tags=["openai"])
CREATED = 1_735_689_600  # OpenAI tells when a model came; ours are as old as the first of them.


@router.get("")
def list_models(house: House, owner: Owner) -> dict[str, Any]:
    """All models, OpenAI's names first."""
    del owner
    return {"object": "list", "data": [_shown(name) for name in listed(house.catalogue)]}


@router.get("/{name:path}")
def get_model(name: str, house: House, owner: Owner) -> dict[str, Any]:
    """One model; a name may hold a slash."""
    del owner
    return _shown(require_model(name, house.catalogue))


def _shown(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "tenuto"}
