"""/api/engines: which engines there are and whether they can work here."""

from __future__ import annotations

from fastapi import APIRouter

from tenuto.api.parts import House
from tenuto.api.schemas import EngineList, EngineOut

router = APIRouter(prefix="/api/engines", tags=["engines"])


@router.get("")
def list_engines(house: House) -> EngineList:
    """The engines on offer, and which one a job gets that names none."""
    choice = house.catalogue.default()
    items = [EngineOut.model_validate(report) for report in house.catalogue.reports()]
    return EngineList(items=items, default=choice.name, reason=choice.reason, hint=choice.hint)
