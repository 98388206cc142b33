"""What a job has heard so far, block by block: a result is shown as soon as a part of it exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenuto.db.models import JobStepRow
from tenuto.db.work import UnitOfWork
from tenuto.domain.transcripts import Segment
from tenuto.engines import codec


@dataclass(frozen=True)
class HeardBlock:
    """A finished stretch of the recording, on the recording's own clock."""

    index: int
    of: int
    segments: tuple[Segment, ...]


def heard_blocks(work: UnitOfWork, job_uid: str, *, after: int = 0) -> list[HeardBlock]:
    """The blocks that are done, without a gap, behind the first `after` of them; only those are read."""
    job_id = work.jobs.get_by_id(job_uid).id
    parts: list[JobStepRow] = []
    while (part := work.steps.find(job_id, "transcribe", after + len(parts))) is not None:
        parts.append(part)
    prepared = work.steps.find(job_id, "prepare") if parts else None
    blocks = prepared.result.get("blocks", []) if prepared else []
    return [_block(blocks, row) for row in parts if row.part < len(blocks)]


def _block(blocks: Sequence[dict[str, Any]], row: JobStepRow) -> HeardBlock:
    start_ms = blocks[row.part]["start_ms"]
    segments = tuple(segment.shifted(start_ms) for segment in codec.from_json(row.result).segments)
    return HeardBlock(row.part, len(blocks), segments)
