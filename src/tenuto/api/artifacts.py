"""/api/jobs/{id}/artifacts: files that a job made, such as speech."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from tenuto.api.bodies import StrictRoute
from tenuto.api.downloads import send_stored
from tenuto.api.owner import Owner
from tenuto.api.parts import House, Uid
from tenuto.api.schemas_artifacts import ArtifactList, ArtifactOut

router = APIRouter(prefix="/api/jobs/{uid}/artifacts", tags=["jobs"], route_class=StrictRoute)
Name = Annotated[str, Path(max_length=120, description="The name the list gives.")]


@router.get("")
def list_artifacts(uid: Uid, house: House, owner: Owner) -> ArtifactList:
    """All that a job made, but for exports, which are rendered when they are asked for."""
    return ArtifactList(items=[ArtifactOut.of(uid, row) for row in house.artifacts.of_job(owner, uid)])


@router.get("/{name}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
@router.head("/{name}", include_in_schema=False)
def get_artifact(uid: Uid, name: Name, request: Request, house: House, owner: Owner) -> Response:
    """The bytes of one; single ranges are served."""
    return send_stored(request, house.artifacts.readable(owner, uid, name), house.files.read)
