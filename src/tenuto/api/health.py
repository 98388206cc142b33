"""/health: is it up, is it ready, how is every part."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from tenuto import __version__
from tenuto.api.parts import House
from tenuto.api.schemas import ComponentOut, HealthOut

router = APIRouter(prefix="/health", tags=["health"])
UNAVAILABLE = 503


@router.get("")
def get_health(house: House, response: Response) -> HealthOut:
    """How every part is; 503 when one that is needed fails."""
    report = house.health.report()
    if not report.ready:
        response.status_code = UNAVAILABLE
    parts = [ComponentOut.model_validate(part) for part in report.components]
    return HealthOut(status=report.status, version=__version__, components=parts)


@router.get("/live")
async def get_live() -> dict[str, str]:
    """The process answers; asks for no key and looks at nothing."""
    return {"status": "ok"}


@router.get("/ready")
def get_ready(request: Request, house: House, response: Response) -> dict[str, str]:
    """Whether requests should be sent here; 503 while a needed part fails or the server is leaving."""
    status = "leaving" if request.app.state.closing.is_set() else house.health.report().status
    if status in ("leaving", "failing"):
        response.status_code = UNAVAILABLE
    return {"status": status}
