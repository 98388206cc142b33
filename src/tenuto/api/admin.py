"""What an operator looks at and does: storage and cleaning up."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from tenuto.api.owner import Owner
from tenuto.api.parts import House
from tenuto.api.schemas import CleanupOut

router = APIRouter(tags=["admin"])


@router.get("/storage/stats")
def get_storage_stats(house: House, owner: Owner) -> dict[str, Any]:
    """Number and size of files, by kind and by age, and of what jobs made, and the room that is left."""
    return house.upkeep.get_storage_stats(owner)


@router.post("/admin/cleanup")
def clean_up(house: House, dry_run: bool = False, force: bool = False) -> CleanupOut:
    """Remove what is past its time and what nothing points at; with `dry_run` only say what would go.

    When the clock may have leaped this is refused, unless `force` says that all is well.
    """
    return CleanupOut.model_validate(house.upkeep.cleanup_old_audio_files(dry_run=dry_run, force=force))
