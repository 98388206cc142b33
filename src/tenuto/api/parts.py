"""What routes share: the house they belong to, ids in paths, and pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, AwareDatetime

from tenuto.api.schemas import in_utc
from tenuto.bootstrap import Tenuto

MAX_PAGE = 1000


async def house_of(request: Request) -> Tenuto:
    """The house this application is a door of."""
    house: Tenuto = request.app.state.house
    return house


House = Annotated[Tenuto, Depends(house_of)]
# Anything else cannot be an id we gave out; `errors.py` turns a failing path into 404.
Uid = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="The id this server gave out.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next_cursor` of the page before.")]
Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
