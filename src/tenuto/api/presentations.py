"""/api/presentations: decks, their slides, and the videos that are made of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tenuto import errors, logs
from tenuto.api.bodies import StrictRoute, read_body, strict_json
from tenuto.api.described import TEXT, form_with_file
from tenuto.api.downloads import send_stored
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas import JobOut
from tenuto.api.schemas_presentations import (
    MOST_SLIDES,
    OrderIn,
    PresentationChange,
    PresentationDetail,
    PresentationIn,
    PresentationJobList,
    PresentationList,
    PresentationOut,
    RenderIn,
    SlideChange,
    SlideEdited,
    SlideOut,
)
from tenuto.api.uploads import form_of
from tenuto.services.processing import Submission

router = APIRouter(prefix="/api/presentations", tags=["presentations"], route_class=StrictRoute)
_BODIES = form_with_file(
    {
        "options": {**TEXT, "description": "options as one JSON object; or each as a field"},
        "priority": {**TEXT, "default": "5"},
        "hold": {**TEXT, "default": "false", "description": "true to wait until the job is started"},
    },
    as_json=PresentationIn,
)
_VIDEO: dict[int | str, dict[str, Any]] = {200: {"content": {"video/mp4": {}}}}
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}, "image/jpeg": {}}}}
_SOUND: dict[int | str, dict[str, Any]] = {200: {"content": {"audio/wav": {}}}}
Key = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,200}$")]
Number = Annotated[int, Path(ge=1, le=MOST_SLIDES, description="The slide's number in the deck.")]


@router.post("", status_code=202, openapi_extra=_BODIES)
async def add_presentation(
    request: Request, response: Response, house: House, owner: Owner, idempotency_key: Key = None
) -> PresentationOut:
    """Have a job make a narrated video of a deck that comes along, or, as JSON, of one that was uploaded."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with form_of(request, house) as form:
            if form.upload is None:
                raise errors.ValidationError("The form has no field 'file'.")
            wish = _wish(_from_form(form.fields), idempotency_key)
            view = await run_in_threadpool(house.presentations.create, owner, form.upload, wish)
    elif kind == "application/json":
        wish = _wish(strict_json(await request.body()), idempotency_key)
        view = await run_in_threadpool(house.presentations.create_of_file, owner, wish)
    else:
        raise HTTPException(415, "A presentation comes as multipart/form-data with a file, or as application/json.")
    response.headers["Location"] = f"/api/presentations/{view.row.uid}"
    return PresentationOut.of(view, house.settings.currency)


def _from_form(fields: dict[str, str]) -> dict[str, Any]:
    """What a form says, in the shape of the JSON request; its file has no id yet."""
    options = strict_json(fields.pop("options", "") or "{}")
    if not isinstance(options, dict):
        raise errors.ValidationError("The field 'options' must hold a JSON object.")
    given: dict[str, Any] = {name: fields.pop(name) for name in ("priority", "hold") if name in fields}
    return {**given, "file_id": "-", "options": options | fields}


def _wish(given: Any, key: str | None) -> Submission:
    wish = read_body(PresentationIn, given)
    return Submission(
        file_uid=wish.file_id,
        options=wish.options,
        priority=wish.priority,
        hold=wish.hold,
        idempotency_key=key,
        request_id=logs.request_id.get(),
    )


@router.get("")
def list_presentations(house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> PresentationList:
    """Presentations, newest first, each with its latest job."""
    page = house.presentations.listed(owner, limit=limit, cursor=cursor)
    items = [PresentationOut.of(view, house.settings.currency) for view in page.items]
    return PresentationList(items=items, next_cursor=page.next_cursor)


@router.get("/{uid}")
def get_presentation(uid: Uid, house: House, owner: Owner) -> PresentationDetail:
    """One presentation with all its slides."""
    return PresentationDetail.whole(*house.presentations.slides(owner, uid), house.settings.currency)


@router.patch("/{uid}")
def change_presentation(uid: Uid, change: PresentationChange, house: House, owner: Owner) -> PresentationOut:
    """Give it another title; the video has it once it is rendered anew."""
    view = house.presentations.change(owner, uid, title=change.title, revision=change.revision)
    return PresentationOut.of(view, house.settings.currency)


@router.delete("/{uid}", status_code=204)
def delete_presentation(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a presentation with its deck and its video; refused while a job works on it."""
    house.presentations.delete(owner, uid)


@router.post("/{uid}/render", status_code=202)
def render_presentation(
    uid: Uid, given: RenderIn, house: House, owner: Owner, idempotency_key: Key = None
) -> PresentationOut:
    """Have a job make the video anew; what did not change is neither drawn nor spoken nor encoded again."""
    wish = Submission(
        options=given.options,
        priority=given.priority,
        idempotency_key=idempotency_key,
        request_id=logs.request_id.get(),
    )
    return PresentationOut.of(house.presentations.render(owner, uid, wish), house.settings.currency)


@router.put("/{uid}/order")
def order_slides(uid: Uid, given: OrderIn, house: House, owner: Owner) -> PresentationDetail:
    """Put the slides in another order: all of them, by their numbers in the deck."""
    found = house.presentations.arrange(owner, uid, given.order, revision=given.revision)
    return PresentationDetail.whole(*found, house.settings.currency)


@router.get("/{uid}/jobs")
def list_jobs(uid: Uid, house: House, owner: Owner, limit: Limit = 50, cursor: Cursor = None) -> PresentationJobList:
    """The jobs of a presentation, newest first."""
    page = house.presentations.jobs(owner, uid, limit=limit, cursor=cursor)
    files = house.processing.file_uids(owner, page.rows)
    items = [JobOut.of(row, files, currency=house.settings.currency) for row in page.rows]
    return PresentationJobList(items=items, next_cursor=page.next_cursor)


@router.get("/{uid}/video", response_class=Response, responses=_VIDEO)
@router.head("/{uid}/video", include_in_schema=False)
def get_video(uid: Uid, request: Request, house: House, owner: Owner) -> Response:
    """The video that was last made; single ranges are served."""
    return send_stored(request, house.presentations.video(owner, uid), house.files.read)


@router.get("/{uid}/poster", response_class=Response, responses=_PICTURE)
@router.head("/{uid}/poster", include_in_schema=False)
def get_poster(uid: Uid, request: Request, house: House, owner: Owner) -> Response:
    """The picture that stands for the video."""
    return send_stored(request, house.presentations.poster(owner, uid), house.files.read)


@router.get("/{uid}/slides/{number}")
def get_slide(uid: Uid, number: Number, house: House, owner: Owner) -> SlideEdited:
    """One slide, and the revision that an edit of it is to name."""
    view, slide = house.presentations.slide(owner, uid, number)
    return SlideEdited(revision=view.row.revision, slide=SlideOut.of(uid, slide))


@router.patch("/{uid}/slides/{number}")
def edit_slide(uid: Uid, number: Number, change: SlideChange, house: House, owner: Owner) -> SlideEdited:
    """Change what is said of a slide, the name of its chapter, or whether it is shown."""
    changes = change.model_dump(exclude_unset=True, exclude={"revision"})
    found = house.presentations.edit(owner, uid, number, changes, revision=change.revision)
    return SlideEdited(revision=found.presentation.revision, slide=SlideOut.of(uid, found.slide))


@router.get("/{uid}/slides/{number}/sound", response_class=Response, responses=_SOUND)
@router.head("/{uid}/slides/{number}/sound", include_in_schema=False)
def get_sound(uid: Uid, number: Number, request: Request, house: House, owner: Owner) -> Response:
    """What is said of a slide, as 48 kHz WAV."""
    return send_stored(request, house.presentations.sound(owner, uid, number), house.files.read)


@router.get("/{uid}/slides/{number}/picture", response_class=Response, responses=_PICTURE)
@router.head("/{uid}/slides/{number}/picture", include_in_schema=False)
def get_picture(uid: Uid, number: Number, request: Request, house: House, owner: Owner) -> Response:
    """What a slide looks like, as it is filmed."""
    return send_stored(request, house.presentations.picture(owner, uid, number), house.files.read)


@router.get("/{uid}/slides/{number}/thumbnail", response_class=Response, responses=_PICTURE)
@router.head("/{uid}/slides/{number}/thumbnail", include_in_schema=False)
def get_thumbnail(uid: Uid, number: Number, request: Request, house: House, owner: Owner) -> Response:
    """What a slide looks like, small."""
    return send_stored(request, house.presentations.picture(owner, uid, number, small=True), house.files.read)
