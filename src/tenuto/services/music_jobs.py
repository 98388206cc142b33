"""What the ledger of generated music is told of jobs: when one is accepted, and when its music is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tenuto.db.generations import Origin
from tenuto.db.models import JobRow, now
from tenuto.db.work import UnitOfWork
from tenuto.domain.generations import facts_of
from tenuto.pipelines.base import Outcome
from tenuto.pipelines.compose import MUSIC
from tenuto.pipelines.compose import PIPELINE as COMPOSE
from tenuto.services.made import Made


def count_prompt(work: UnitOfWork, kind: str, options: Mapping[str, Any]) -> Origin | None:
    """Count the prompt of a job that is about to be written, if it is to compose."""
    if kind != COMPOSE.name:
        return None
    prompt = options["prompt"]
    return Origin(work.prompts.count_uses({prompt: 1})[prompt])


def keep_music(work: UnitOfWork, job: JobRow, outcome: Outcome, kept: Sequence[Made], started: datetime) -> None:
    """Write down what was composed, in the transaction that ends the step."""
    row = work.generations.of_job(job.id) if job.kind == COMPOSE.name else None
    if row is None:
        return
    facts, moment = facts_of(outcome.data), now()
    work.generations.update(
        row,
        **facts.columns,
        details=dict(facts.details),
        size_bytes=next(made.content.size_bytes for made in kept if made.artifact.kind == MUSIC),
        generation_ms=max(0, round((moment - started).total_seconds() * 1000)),
        composed_at=moment,
    )
