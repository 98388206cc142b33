"""/api/formats: what a transcript can be exported as."""

from __future__ import annotations

from fastapi import APIRouter

from tenuto.api.schemas_formats import FormatList, FormatOut
from tenuto.services import formats

router = APIRouter(prefix="/api/formats", tags=["exports"])


@router.get("")
def list_formats() -> FormatList:
    """The formats of `/api/jobs/{uid}/export/{format_name}`."""
    return FormatList(items=[FormatOut.model_validate(each) for each in formats.listed()])
