"""Shapes of what jobs made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tenuto.api.schemas import Shown


class ArtifactOut(Shown):
    """A file that a job made."""

    name: str
    kind: str
    media_type: str
    size_bytes: int
    sha256: str
    created_at: datetime
    url: str

    @classmethod
    def of(cls, job_id: str, row: Any) -> ArtifactOut:
        """Read a row."""
        same = {name: getattr(row, name) for name in cls.model_fields if name != "url"}
        return cls(url=f"/api/jobs/{job_id}/artifacts/{row.name}", **same)


class ArtifactList(Shown):
    """All that a job made."""

    items: list[ArtifactOut]
