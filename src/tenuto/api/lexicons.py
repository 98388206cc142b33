"""/api/lexicons: lists of corrections, their rules as JSON and as CSV, and a place to try them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from tenuto.api.bodies import StrictRoute
from tenuto.api.downloads import disposition
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit, Uid
from tenuto.api.schemas_lexicons import (
    LexiconChange,
    LexiconIn,
    LexiconList,
    LexiconOut,
    RuleList,
    RulesIn,
    TryIn,
    TryOut,
)
from tenuto.services import lexicon_csv
from tenuto.services.lexicons import LexiconView

router = APIRouter(prefix="/api/lexicons", tags=["lexicons"], route_class=StrictRoute)
_TABLE: dict[str, Any] = {"text/csv": {"schema": {"type": "string", "format": "binary"}}}


@router.post("", status_code=201)
def create_lexicon(given: LexiconIn, response: Response, house: House, owner: Owner) -> LexiconOut:
    """Make a lexicon."""
    made = house.lexicons.create(
        owner, given.name, description=given.description, language=given.language, rules=given.rules_of()
    )
    response.headers["Location"] = f"/api/lexicons/{made.row.uid}"
    return _shown(made)


@router.get("")
def list_lexicons(
    house: House,
    owner: Owner,
    *,
    name: Annotated[str | None, Query(max_length=200, description="Only the one of this name.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> LexiconList:
    """Lexicons, newest first."""
    page = house.lexicons.get_all(owner, name=name, limit=limit, cursor=cursor)
    counts = house.lexicons.counts(owner, page.rows)
    items = [LexiconOut.of(row, counts.get(row.id, 0)) for row in page.rows]
    return LexiconList(items=items, next_cursor=page.next_cursor)


@router.get("/{uid}")
def get_lexicon(uid: Uid, house: House, owner: Owner) -> LexiconOut:
    """One lexicon."""
    return _shown(house.lexicons.get(owner, uid))


@router.patch("/{uid}")
def change_lexicon(uid: Uid, change: LexiconChange, house: House, owner: Owner) -> LexiconOut:
    """Give it another name, description or language."""
    return _shown(house.lexicons.change(owner, uid, **change.model_dump(exclude_unset=True)))


@router.delete("/{uid}", status_code=204)
def delete_lexicon(uid: Uid, house: House, owner: Owner) -> None:
    """Remove a lexicon that no unfinished job needs."""
    house.lexicons.delete(owner, uid)


@router.get("/{uid}/rules")
def get_rules(uid: Uid, house: House, owner: Owner) -> RuleList:
    """All its rules, in the order they apply."""
    return RuleList.of(house.lexicons.load(owner, uid).rules)


@router.put("/{uid}/rules")
def put_rules(uid: Uid, given: RulesIn, house: House, owner: Owner) -> LexiconOut:
    """Put these rules in place of those it has."""
    return _shown(house.lexicons.put_rules(owner, uid, given.rules_of()))


@router.post("/{uid}/rules", status_code=201)
def add_rules(uid: Uid, given: RulesIn, house: House, owner: Owner) -> LexiconOut:
    """Put these rules behind those it has."""
    return _shown(house.lexicons.add_rules(owner, uid, given.rules_of()))


@router.get("/{uid}/csv", response_class=Response, responses={200: {"content": _TABLE}})
def get_csv(uid: Uid, house: House, owner: Owner) -> Response:
    """Its rules as a table that spreadsheets open."""
    lexicon = house.lexicons.load(owner, uid)
    headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": disposition(f"{lexicon.name}.csv")}
    return Response(lexicon_csv.write(lexicon.rules), headers=headers)


@router.put("/{uid}/csv", openapi_extra={"requestBody": {"required": True, "content": _TABLE}})
async def put_csv(uid: Uid, request: Request, house: House, owner: Owner) -> LexiconOut:
    """Put the rules of a table in place of those it has."""
    data = await request.body()
    return await run_in_threadpool(lambda: _shown(house.lexicons.put_rules(owner, uid, lexicon_csv.read(data))))


@router.post("/{uid}/try")
def try_rules(uid: Uid, given: TryIn, house: House, owner: Owner) -> TryOut:
    """What the rules make of a text; nothing is kept."""
    return TryOut.of(house.lexicons.attempt(owner, uid, given.text))


def _shown(found: LexiconView) -> LexiconOut:
    return LexiconOut.of(found.row, found.rule_count)
