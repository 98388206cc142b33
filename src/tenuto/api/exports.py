"""/api/jobs/{uid}/export/{format}: a transcript as a file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from tenuto.api.downloads import disposition
from tenuto.api.owner import Owner
from tenuto.api.parts import House, Uid
from tenuto.services.formats import named_in_a_sentence

router = APIRouter(tags=["exports"])
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


@router.get(
    "/api/jobs/{uid}/export/{format_name}",
    response_class=Response,
    responses=_FILE,
    description=f"The transcript of a job as {named_in_a_sentence()}; `/api/formats` says what each one is.",
)
def export_job(uid: Uid, format_name: Annotated[str, Path(max_length=40)], house: House, owner: Owner) -> Response:
    """A job's transcript in a format."""
    export = house.exports.render(owner, uid, format_name)
    # Set by hand, for the framework would add a charset to some types and not to others.
    headers = {"Content-Type": export.media_type, "Content-Disposition": disposition(export.filename)}
    if export.media_type.startswith("text/") and "charset" not in export.media_type:
        headers["Content-Type"] += "; charset=utf-8"
    return Response(export.data, headers=headers)
