"""/api/songs: the library, its covers, stems, and jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tenuto import errors, logs
from tenuto.api.bodies import StrictRoute, read_body, strict_json
from tenuto.api.described import TEXT, form_with_file
from tenuto.api.downloads import send_stored
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas import JobOut
from tenuto.api.schemas_songs import (
    ImportIn,
    ImportOut,
    SongChange,
    SongForm,
    SongIn,
    SongJobList,
    SongList,
    SongOut,
    StemList,
)
from tenuto.api.uploads import form_of
from tenuto.bootstrap import Tenuto
from tenuto.domain.songs import SongSource

router = APIRouter(prefix="/api/songs", tags=["songs"], route_class=StrictRoute)
_BODIES = form_with_file(dict.fromkeys(("title", "artist", "album", "youtube_id"), TEXT), as_json=SongIn)
_FETCHED: dict[int | str, dict[str, Any]] = {202: {"model": JobOut, "description": "A job fetches the song."}}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {name: {} for name in ("image/jpeg", "image/png", "image/webp")}}
}
_SOUND: dict[int | str, dict[str, Any]] = {200: {"content": {"audio/wav": {}}}}


@router.post("", status_code=201, openapi_extra=_BODIES, responses=_FETCHED)
async def add_song(request: Request, response: Response, house: House, owner: Owner) -> SongOut | JobOut:
    """Add a song: a file that comes along, or, as JSON, one that was uploaded or lies behind an address.

    What lies behind an address is fetched by a job: the answer is 202 and that job, whose `song_id` is the song.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with form_of(request, house) as form:
            if form.upload is None:
                raise errors.ValidationError("The form has no field 'file'.")
            given = read_body(SongForm, _without_kind(form.fields))
            details = given.details(
                source=SongSource.YOUTUBE if given.youtube_id else SongSource.UPLOAD, youtube_id=given.youtube_id
            )
            view = await run_in_threadpool(house.songs.create, owner, form.upload, details)
    elif kind == "application/json":
        wish = read_body(SongIn, _without_kind(strict_json(await request.body())))
        if bool(wish.file_id) == bool(wish.url):
            raise errors.ValidationError("Give either a file_id or a url.")
        if wish.url:
            job = await run_in_threadpool(_fetch, house, owner, wish)
            response.status_code, response.headers["Location"] = 202, f"/api/jobs/{job.id}"
            return job
        view = await run_in_threadpool(house.songs.create_of_file, owner, wish.file_id, wish.details())
    else:
        raise HTTPException(415, "A song comes as multipart/form-data with a file, or as application/json.")
    response.headers["Location"] = f"/api/songs/{view.row.uid}"
    return SongOut.of(view, house.settings.currency)


def _fetch(house: Tenuto, owner: int, wish: SongIn) -> JobOut:
    row = house.imports.submit(owner, wish.url, wish.details(), request_id=logs.request_id.get())
    return JobOut.of(row, {}, currency=house.settings.currency)


def _without_kind(given: Any) -> Any:
    """The same, unless somebody takes this for the door of jobs."""
    if isinstance(given, dict) and "kind" in given:
        raise errors.ValidationError(
            "A song is added without a kind. To add it and have something done with it at once, send kind, file, title,"
            " artist and lyrics as a form to POST /api/jobs.",
            field="kind",
        )
    return given


@router.post("/import")
def import_songs(given: ImportIn, house: House, owner: Owner) -> ImportOut:
    """Add the recordings of a folder of this server, each once; only below the folders of TENUTO_IMPORT_DIRS."""
    report = house.imports.import_folder(owner, given.folder, limit=given.limit, cursor=given.cursor)
    return ImportOut.of(report, house.settings.currency)


@router.get("")
def list_songs(
    house: House,
    owner: Owner,
    *,
    q: Annotated[str, Query(max_length=1000, description="Words of title and artist; the last may be begun.")] = "",
    source: SongSource | None = None,
    youtube_id: Annotated[str | None, Query(max_length=20)] = None,
    sha256: Annotated[str | None, Query(max_length=64, description="Only the song with these bytes.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SongList:
    """Songs, newest first, each with its latest job, and how many there are in all from each source."""
    filters = {"source": source, "youtube_id": youtube_id, "sha256": sha256}
    page = house.songs.listed(owner, query=q, filters=filters, limit=limit, cursor=cursor)
    items = [SongOut.of(view, house.settings.currency) for view in page.items]
    return SongList(items=items, next_cursor=page.next_cursor, counts=house.songs.counts(owner))


@router.get("/{uid}")
def get_song(uid: Uid, house: House, owner: Owner) -> SongOut:
    """One song."""
    return SongOut.of(house.songs.get(owner, uid), house.settings.currency)


@router.patch("/{uid}")
def change_song(uid: Uid, change: SongChange, house: House, owner: Owner) -> SongOut:
    """Give it another title, artist or album."""
    view = house.songs.change(owner, uid, **change.model_dump(exclude_unset=True))
    return SongOut.of(view, house.settings.currency)


@router.delete("/{uid}", status_code=204)
def delete_song(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a song with its file, stems and lyrics; refused while a job works on it."""
    house.songs.delete(owner, uid)


@router.get("/{uid}/cover", response_class=Response, responses=_PICTURE)
@router.head("/{uid}/cover", include_in_schema=False)
def get_cover(uid: Uid, request: Request, house: House, owner: Owner) -> Response:
    """The picture on its cover."""
    return send_stored(request, house.songs.cover(owner, uid), house.files.read)


@router.get("/{uid}/stems")
def list_stems(uid: Uid, house: House, owner: Owner) -> StemList:
    """What it was parted into, by which engine, and what that may be called."""
    return StemList.of(*house.songs.stems(owner, uid))


@router.get("/{uid}/stems/{name}", response_class=Response, responses=_SOUND)
@router.head("/{uid}/stems/{name}", include_in_schema=False)
def get_stem(
    uid: Uid, name: Literal["vocals", "instrumental"], request: Request, house: House, owner: Owner
) -> Response:
    """One part as 16-bit WAV; single ranges are served."""
    return send_stored(request, house.songs.stem(owner, uid, name), house.files.read)


@router.get("/{uid}/jobs")
def list_jobs(uid: Uid, house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> SongJobList:
    """The jobs of a song, newest first."""
    page = house.songs.jobs(owner, uid, limit=limit, cursor=cursor)
    files = house.processing.file_uids(owner, page.rows)
    items = [JobOut.of(row, files, currency=house.settings.currency) for row in page.rows]
    return SongJobList(items=items, next_cursor=page.next_cursor)
