"""/api/generations: the ledger of generated music; /api/prompts: what it was asked for with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from tenuto import errors, logs
from tenuto.api.bodies import StrictRoute
from tenuto.api.jobs import Key
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Moment, Uid
from tenuto.api.schemas_music import (
    GenerationList,
    GenerationOut,
    GenerationsIn,
    GenerationsOut,
    MusicIn,
    PromptList,
    PromptOut,
)
from tenuto.domain.generations import PromptOrder, Wanted, key_called
from tenuto.domain.jobs import JobStatus

router = APIRouter(prefix="/api", tags=["music"], route_class=StrictRoute)
Words = Annotated[str, Query(max_length=1000, description="Words of the prompt; the last may be begun.")]
Tempo = Annotated[float | None, Query(gt=0, le=1000, description="BPM, as measured in the music.")]
Id = Annotated[str, Query(max_length=36)]


@router.post("/generations", status_code=202)
def create_generations(
    given: GenerationsIn, response: Response, house: House, owner: Owner, idempotency_key: Key = None
) -> GenerationsOut:
    """Have music composed: by one prompt or several, each in some takes. All of it is accepted, or nothing."""
    if (given.prompt is None) == (not given.prompts):
        raise errors.ValidationError("Give either a prompt or a list of prompts.", field="prompt")
    rows = house.generations.create(owner, given.wish(idempotency_key, logs.request_id.get()))
    response.headers["Location"] = f"/api/generations/{rows[0].uid}"
    return GenerationsOut(items=[GenerationOut.of(row, house.settings.currency) for row in rows])


@router.get("/generations")
def list_generations(
    house: House,
    owner: Owner,
    *,
    status: JobStatus | None = None,
    q: Words = "",
    prompt_id: Id = "",
    like: Annotated[str, Query(max_length=36, description="Only what was to be like this piece.")] = "",
    engine: Annotated[str, Query(max_length=60)] = "",
    bpm_from: Tempo = None,
    bpm_to: Tempo = None,
    key: Annotated[str, Query(max_length=40, description="As measured: `F# minor`, `Bb major`.")] = "",
    since: Annotated[Moment | None, Query(description="Only what was asked for since then.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> GenerationList:
    """Music that was asked for, newest first, each with its job, and how many pieces there are in each status."""
    wanted = Wanted(
        statuses=[status] if status else [],
        query=q,
        prompt_uid=prompt_id,
        parent_uid=like,
        engine=engine,
        bpm=(bpm_from, bpm_to),
        key=key_called(key) if key else "",
        since=since,
    )
    page = house.generations.listed(owner, wanted, limit=limit, cursor=cursor)
    items = [GenerationOut.of(row, house.settings.currency) for row in page.rows]
    return GenerationList(items=items, next_cursor=page.next_cursor, counts=house.generations.counts(owner))


@router.get("/generations/{uid}")
def get_generation(uid: Uid, house: House, owner: Owner) -> GenerationOut:
    """One piece."""
    return GenerationOut.of(house.generations.get(owner, uid), house.settings.currency)


@router.delete("/generations/{uid}", status_code=204)
def delete_generation(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a piece that is finished, with its job and its files."""
    house.generations.delete(owner, uid)


@router.post("/generations/{uid}/again", status_code=202)
def compose_again(
    uid: Uid, given: MusicIn, response: Response, house: House, owner: Owner, *, idempotency_key: Key = None
) -> GenerationsOut:
    """More like this: its prompt, seed and settings, but for what is said here; with `takes`, other seeds."""
    rows = house.generations.again(owner, uid, given.wish(idempotency_key, logs.request_id.get()))
    response.headers["Location"] = f"/api/generations/{rows[0].uid}"
    return GenerationsOut(items=[GenerationOut.of(row, house.settings.currency) for row in rows])


@router.get("/prompts")
def list_prompts(
    house: House,
    owner: Owner,
    *,
    q: Words = "",
    order: PromptOrder = PromptOrder.NEWEST,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PromptList:
    """Prompts, the newest first or those that were used most, and how often each was."""
    page = house.generations.prompts(owner, q, order=order, limit=limit, cursor=cursor)
    items = [PromptOut.model_validate(row) for row in page.rows]
    return PromptList(items=items, next_cursor=page.next_cursor)


@router.delete("/prompts/{uid}", status_code=204)
def delete_prompt(uid: Uid, house: House, owner: Owner) -> None:
    """Forget a prompt of which no music is there, with how often it was used."""
    house.generations.delete_prompt(owner, uid)
