"""/api/voices: voices that narrate, each by a sample of it and the consent it came with."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tenuto import errors
from tenuto.api.bodies import StrictRoute, read_body, strict_json
from tenuto.api.described import TEXT, form_with_file
from tenuto.api.downloads import send_stored
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas_voice_samples import VoiceForm, VoiceIn, VoiceList, VoiceOut
from tenuto.api.uploads import form_of

router = APIRouter(prefix="/api/voices", tags=["voices"], route_class=StrictRoute)
_FIELDS = ("name", "consent", "consent_at")
_BODIES = form_with_file(dict.fromkeys(_FIELDS, TEXT), required=_FIELDS, as_json=VoiceIn)
_SOUND: dict[int | str, dict[str, Any]] = {200: {"content": {"audio/wav": {}}}}


@router.post("", status_code=201, openapi_extra=_BODIES)
async def add_voice(request: Request, response: Response, house: House, owner: Owner) -> VoiceOut:
    """Keep a sample of a voice: a file that comes along, or, as JSON, one that was uploaded. At most 300 s of it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with form_of(request, house) as form:
            if form.upload is None:
                raise errors.ValidationError("The form has no field 'file'.")
            details = read_body(VoiceForm, form.fields).details()
            row = await run_in_threadpool(house.voices.create, owner, form.upload, details)
    elif kind == "application/json":
        given = read_body(VoiceIn, strict_json(await request.body()))
        row = await run_in_threadpool(house.voices.create_of_file, owner, given.file_id, given.details())
    else:
        raise HTTPException(415, "A voice comes as multipart/form-data with a file, or as application/json.")
    response.headers["Location"] = f"/api/voices/{row.uid}"
    return VoiceOut.of(row)


@router.get("")
def list_voices(house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> VoiceList:
    """Voices, newest first."""
    page = house.voices.get_all(owner, limit=limit, cursor=cursor)
    return VoiceList(items=[VoiceOut.of(row) for row in page.rows], next_cursor=page.next_cursor)


@router.get("/{uid}")
def get_voice(uid: Uid, house: House, owner: Owner) -> VoiceOut:
    """One voice."""
    return VoiceOut.of(house.voices.get(owner, uid))


@router.get("/{uid}/sample", response_class=Response, responses=_SOUND)
@router.head("/{uid}/sample", include_in_schema=False)
def get_sample(uid: Uid, request: Request, house: House, owner: Owner) -> Response:
    """The sample as 16-bit mono WAV at its own rate."""
    return send_stored(request, house.voices.sample(owner, uid), house.files.read)


@router.delete("/{uid}", status_code=204)
def delete_voice(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a voice with its sample; refused while a presentation is spoken by it."""
    house.voices.delete(owner, uid)
