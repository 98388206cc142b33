"""/api/files: recordings and decks in, out, and away."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from tenuto import errors
from tenuto.api.bodies import StrictRoute
from tenuto.api.described import form_with_file
from tenuto.api.downloads import send_stored
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas import FileList, FileOut
from tenuto.api.uploads import form_of, name_in, raw_of

router = APIRouter(prefix="/api/files", tags=["files"], route_class=StrictRoute)
_FORM = form_with_file({})
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_CONTENT: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


@router.post("", status_code=201, openapi_extra=_FORM)
async def upload_form(request: Request, response: Response, house: House, owner: Owner) -> FileOut:
    """Take in a recording or a deck of slides from a form's field `file`."""
    async with form_of(request, house) as form:
        if form.upload is None:
            raise errors.ValidationError("The form has no field 'file'.")
        if form.fields:
            raise errors.ValidationError(f"An upload has no field {min(form.fields)[:60]!r}; submit a job instead.")
        row = await run_in_threadpool(form.upload.finish, owner)
    response.headers["Location"] = f"/api/files/{row.uid}"
    return FileOut.model_validate(row)


@router.put("/raw", status_code=201, openapi_extra=_BYTES)
async def upload_raw(
    request: Request,
    response: Response,
    house: House,
    owner: Owner,
    name: Annotated[str, Query(max_length=1000, description="The file's name; or send it as X-File-Name.")] = "",  # noqa: ARG001 - documents what `name_in` reads
) -> FileOut:
    """Take in a recording or a deck of slides that is the whole body."""
    async with raw_of(request, house, name_in(request)) as upload:
        row = await run_in_threadpool(upload.finish, owner)
    response.headers["Location"] = f"/api/files/{row.uid}"
    return FileOut.model_validate(row)


@router.get("")
def list_files(house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> FileList:
    """Recordings and decks, newest first."""
    page = house.files.get_all(owner, limit=limit, cursor=cursor)
    return FileList(items=[FileOut.model_validate(row) for row in page.rows], next_cursor=page.next_cursor)


@router.get("/{uid}")
def get_file(uid: Uid, house: House, owner: Owner) -> FileOut:
    """One recording or deck."""
    return FileOut.model_validate(house.files.get(owner, uid))


@router.delete("/{uid}", status_code=204)
def delete_file(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a recording or a deck no job needs any more."""
    house.files.delete(owner, uid)


@router.get("/{uid}/content", response_class=Response, responses=_CONTENT)
@router.head("/{uid}/content", include_in_schema=False)
def get_content(
    uid: Uid, request: Request, house: House, owner: Owner, copy: Literal["original", "playback"] = "original"
) -> Response:
    """The bytes of a file, or of a recording's copy whose times a browser keeps to; single ranges are served."""
    return send_stored(request, house.files.readable(owner, uid, playback=copy == "playback"), house.files.read)


@router.get("/{uid}/peaks", response_class=Response, responses=_CONTENT)
@router.head("/{uid}/peaks", include_in_schema=False)
def get_peaks(uid: Uid, request: Request, house: House, owner: Owner) -> Response:
    """The outline of a recording: for each fiftieth of a second its lowest and highest sample as signed bytes."""
    return send_stored(request, house.files.peaks(owner, uid), house.files.read)
