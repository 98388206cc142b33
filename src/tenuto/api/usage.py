"""/api/usage: what was used and what it cost."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from tenuto.api.bodies import StrictRoute
from tenuto.api.owner import Owner
from tenuto.api.parts import Cursor, House, Limit
from tenuto.api.schemas_costs import UsageItem, UsageList
from tenuto.services.usage import Span

router = APIRouter(prefix="/api/usage", tags=["usage"], route_class=StrictRoute)
Day = Annotated[date | None, Query(description="A day in UTC.")]
_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("", response_model=UsageList, responses=_ANSWERS)
def get_usage(
    house: House,
    owner: Owner,
    *,
    by: Literal["engine", "day", "job", "owner", "user"] = "engine",
    first: Annotated[Day, Query(alias="from")] = None,
    last: Annotated[Day, Query(alias="to")] = None,
    csv: Annotated[bool, Query(description="All of it as text/csv.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> UsageList | Response:
    """Sums by engine and model, by day, by owner, or by job, newest first; of this month when no day is named."""
    span = Span.of(first, last)
    if csv:
        name = f'attachment; filename="usage-by-{by}-{span.first}-{span.last}.csv"'
        lines = house.usage.table(owner, by, span)
        return StreamingResponse(lines, media_type="text/csv", headers={"Content-Disposition": name})
    found, next_cursor = house.usage.summary(owner, by, span, limit=limit, cursor=cursor)
    items = [UsageItem.of(one) for one in found]
    currency = house.usage.currency
    return UsageList(by=by, first=span.first, last=span.last, currency=currency, items=items, next_cursor=next_cursor)
