"""/api/jobs: submit, look at, cancel, retry, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tenuto import errors, logs
from tenuto.api import sse
from tenuto.api.bodies import StrictRoute, read_body, strict_json
from tenuto.api.described import TEXT, form_with_file
from tenuto.api.forms import FormReader
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas import EventOut, JobIn, JobList, JobLog, JobOut, StepOut
from tenuto.api.schemas_costs import EstimateOut
from tenuto.api.uploads import form_of
from tenuto.bootstrap import Tenuto
from tenuto.domain.jobs import JobStatus
from tenuto.services.files import Upload
from tenuto.services.intake import submit_upload
from tenuto.services.processing import Submission
from tenuto.services.song_intake import SONG_FIELDS, SONG_KINDS, SongIntake

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=StrictRoute)
AS_JSON = ("hot_words", "extra")  # options that are no plain text, when they come as a form's fields
_BODIES = form_with_file(
    {
        "kind": {**TEXT, "default": "transcribe"},
        "priority": {**TEXT, "default": "5"},
        "hold": {**TEXT, "default": "false", "description": "true to wait until it is started"},
        "options": {**TEXT, "description": "options as one JSON object"},
        **dict.fromkeys(("engine", "language", "model", "lexicon_id", "speakers", "recognise", *AS_JSON), TEXT),
        **{name: {**TEXT, "description": "of the song a job is about"} for name in SONG_FIELDS},
    },
    as_json=JobIn,
)
Key = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,200}$")]


@router.post("", status_code=202, openapi_extra=_BODIES)
async def submit_job(
    request: Request, response: Response, house: House, owner: Owner, idempotency_key: Key = None
) -> JobOut:
    """Queue a job: on a recording that comes along, or, as JSON, on one that is here. A file alone is transcribed.

    The file of a job on a song (separate, align, karaoke, backing) becomes a song of the library, unless it is one.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with form_of(request, house) as form:
            if form.upload is None:
                raise errors.ValidationError("The form has no field 'file'.")
            given = _from_form(form)
            song = _song_in(given)
            wish = _wish(given, idempotency_key)
            job = await run_in_threadpool(_submit, house, owner, form.upload, song=song, wish=wish)
    elif kind == "application/json":
        wish = _wish(strict_json(await request.body()), idempotency_key)
        job = await run_in_threadpool(house.processing.submit, owner, wish)
    else:
        raise HTTPException(415, "A job is submitted as multipart/form-data with a file, or as application/json.")
    response.headers["Location"] = f"/api/jobs/{job.uid}"
    return await run_in_threadpool(_shown, house, owner, job)


def _from_form(form: FormReader) -> dict[str, Any]:
    """What a form says, in the shape of the JSON request."""
    given: dict[str, Any] = {
        name: form.fields.pop(name) for name in ("kind", "priority", "hold") if name in form.fields
    }
    options = strict_json(form.fields.pop("options", "") or "{}")
    if not isinstance(options, dict):
        raise errors.ValidationError("The field 'options' must hold a JSON object.")
    single = {name: strict_json(text) if name in AS_JSON else text for name, text in form.fields.items()}
    return {**given, "options": options | single}


def _song_in(given: dict[str, Any]) -> dict[str, str] | None:
    """What the form of a job on a song says of the song; its file becomes one, unless it is in the library."""
    if given.get("kind") not in SONG_KINDS:
        return None
    found = {name: given["options"].pop(name) for name in SONG_FIELDS if name in given["options"]}
    if not all(isinstance(text, str) for text in found.values()):
        raise errors.ValidationError(f"{', '.join(SONG_FIELDS)} must be texts.")
    return found


def _submit(house: Tenuto, owner: int, upload: Upload, *, song: dict[str, str] | None, wish: Submission) -> Any:
    if song is None:
        return submit_upload(house.files, house.processing, owner, upload=upload, wish=wish)
    return SongIntake(house.songs, house.lyrics, house.processing).submit(owner, upload, song, wish)


def _wish(given: Any, key: str | None) -> Submission:
    job = read_body(JobIn, given)
    return Submission(
        kind=job.kind,
        file_uid=job.file_id,
        song_uid=job.song_id,
        options=job.options if job.prompt is None else {**job.options, "prompt": job.prompt},
        priority=job.priority,
        hold=job.hold,
        idempotency_key=key,
        request_id=logs.request_id.get(),
    )


def _shown(house: Tenuto, owner: int, row: Any) -> JobOut:
    return JobOut.of(row, house.processing.file_uids(owner, [row]), currency=house.settings.currency)


@router.post("/estimate")
def estimate_job(given: JobIn, house: House, owner: Owner) -> EstimateOut:
    """What a job would cost, without making it."""
    wish = Submission(
        kind=given.kind,
        file_uid=given.file_id,
        song_uid=given.song_id,
        options=given.options,
        priority=given.priority,
    )
    return EstimateOut.of(house.processing.estimate(owner, wish), house.settings.currency)


@router.get("")
def list_jobs(
    house: House,
    owner: Owner,
    *,
    status: JobStatus | None = None,
    kind: Annotated[str, Query(max_length=40, pattern=r"^[a-z_]*$")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JobList:
    """Jobs, newest first, and how many there are of each kind and status."""
    page = house.processing.listed(owner, status=status, kind=kind, limit=limit, cursor=cursor)
    files = house.processing.file_uids(owner, page.rows)
    items = [JobOut.of(row, files, currency=house.settings.currency) for row in page.rows]
    return JobList(items=items, next_cursor=page.next_cursor, counts=house.processing.counts(owner))


@router.get("/{uid}")
def get_job(uid: Uid, house: House, owner: Owner) -> JobOut:
    """One job."""
    return _shown(house, owner, house.processing.get(owner, uid))


@router.delete("/{uid}", status_code=204)
def delete_job(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a finished job with its transcript and exports; its recording stays."""
    house.processing.delete(owner, uid)


@router.post("/{uid}/cancel", status_code=202)
def cancel_job(uid: Uid, house: House, owner: Owner) -> JobOut:
    """Stop a job: at once while it waits, soon when it runs."""
    return _shown(house, owner, house.processing.cancel(owner, uid))


@router.post("/{uid}/start", status_code=202)
def start_job(uid: Uid, house: House, owner: Owner) -> JobOut:
    """Queue a job that was submitted with `hold`."""
    return _shown(house, owner, house.processing.start(owner, uid))


@router.post("/{uid}/retry", status_code=202)
def retry_job(uid: Uid, house: House, owner: Owner) -> JobOut:
    """Queue a failed or cancelled job again; what it finished is kept."""
    return _shown(house, owner, house.processing.retry(owner, uid))


@router.get("/{uid}/log")
def get_log(uid: Uid, house: House, owner: Owner, after: Annotated[int, Query(ge=0, lt=1 << 62)] = 0) -> JobLog:
    """What happened to a job, from the event behind `after` on, and the steps it finished."""
    events = [EventOut.model_validate(row) for row in house.processing.history(owner, uid, after=after)]
    return JobLog(events=events, steps=[StepOut.of(row) for row in house.processing.steps(owner, uid)])


@router.get("/{uid}/events", response_class=sse.EventStream)
async def follow_job(uid: Uid, request: Request, house: House, owner: Owner) -> Response:
    """Server-sent events: the job on every change of it, until it is finished."""

    def look() -> JobOut:
        return _shown(house, owner, house.processing.get(owner, uid))

    watchers: sse.Watchers = request.app.state.watchers
    return sse.EventStream(await watchers.follow((owner, uid), look))
