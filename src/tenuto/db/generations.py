"""Generated music: each piece with its job, whose status is its own, and its prompt."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import contains_eager

from tenuto import errors
from tenuto.db.models import GenerationRow, JobRow, PromptRow
from tenuto.db.models_music import PENDING
from tenuto.db.prompts import with_words
from tenuto.db.repository import Page, Repository, check_limit, decode_cursor, encode_cursor
from tenuto.domain.generations import EVERYTHING, Wanted


@dataclass(frozen=True)
class Origin:
    """Where a piece of music comes from."""

    prompt_id: int
    parent_uid: str | None = None  # it is to be like this one
    take: int = 1


@dataclass(frozen=True)
class MusicTotals:
    """How much music there is."""

    seconds: float
    size_bytes: int


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    lowest, highest = wanted.bpm
    if wanted.statuses:
        yield JobRow.status.in_(wanted.statuses)
    if wanted.query.strip():
        yield GenerationRow.prompt_id.in_(select(PromptRow.id).where(*with_words(wanted.query)))
    if wanted.prompt_uid:
        yield PromptRow.uid == wanted.prompt_uid
    if wanted.parent_uid:
        yield GenerationRow.parent_uid == wanted.parent_uid
    if wanted.engine:
        yield GenerationRow.engine == wanted.engine
    if lowest is not None:
        yield GenerationRow.measured_bpm >= lowest
    if highest is not None:
        yield GenerationRow.measured_bpm <= highest
    if wanted.key:
        yield GenerationRow.measured_key == wanted.key
    if wanted.since is not None:
        yield GenerationRow.created_at >= wanted.since


class GenerationRepository(Repository[GenerationRow]):
    """Pieces of music that were asked for."""

    model = GenerationRow
    noun = "generation"

    def create(self, job: JobRow, origin: Origin) -> GenerationRow:
        """Write down what a job that was just accepted is to compose."""
        row = GenerationRow(
            owner_id=job.owner_id,
            job_id=job.id,
            prompt_id=origin.prompt_id,
            parent_uid=origin.parent_uid,
            take=origin.take,
            engine=job.engine,
            seed=job.options["seed"],
            format=job.options["format"],
        )
        return self.add(row)

    def of_job(self, job_id: int) -> GenerationRow | None:
        """What a job composes."""
        return self.session.scalars(select(GenerationRow).where(GenerationRow.job_id == job_id)).one_or_none()

    def view(self, uid: str) -> GenerationRow:
        """One piece with its job and its prompt."""
        row = self.session.scalars(_whole().where(GenerationRow.uid == uid)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no generation {uid[:64]!r}.")
        return row

    def of_jobs(self, job_ids: Collection[int]) -> dict[int, GenerationRow]:
        """Job → what it composes, with its job and its prompt."""
        found = self.session.scalars(_whole().where(GenerationRow.job_id.in_(job_ids)))
        return {row.job_id: row for row in found}

    def listed(self, wanted: Wanted = EVERYTHING, *, limit: int = 50, cursor: str | None = None) -> Page[GenerationRow]:
        """One page with jobs and prompts, the newest first."""
        check_limit(limit)
        # The order is that of the jobs, and told by the column whose index leads to few rows: those of a status.
        place = JobRow.id if wanted.statuses else GenerationRow.job_id
        statement = _whole().where(*_conditions(wanted)).order_by(place.desc()).limit(limit + 1)
        if cursor is not None:
            statement = statement.where(place < decode_cursor(cursor))
        rows = self.session.scalars(statement).all()
        more = len(rows) > limit
        return Page(rows[:limit], encode_cursor(rows[limit - 1].job_id) if more else None)

    def get_pending_generations(self, *, limit: int = 50, cursor: str | None = None) -> Page[GenerationRow]:
        """Those that nobody has begun to compose."""
        return self.listed(Wanted(statuses=PENDING), limit=limit, cursor=cursor)

    def hold(self, row: GenerationRow) -> None:
        """Let nobody else who holds this piece go on before this transaction has ended; it may be gone."""
        held = select(GenerationRow.id).where(GenerationRow.id == row.id).with_for_update(key_share=True)
        self.session.execute(held)

    def seeds_like(self, row: GenerationRow, prompt_ids: Collection[int] = ()) -> set[int]:
        """The seeds of all that has the prompt of a piece, or one of these, or was to be like it."""
        prompts = GenerationRow.prompt_id.in_({row.prompt_id, *prompt_ids})
        seeds = select(GenerationRow.seed).where(or_(GenerationRow.parent_uid == row.uid, prompts))
        return {seed for seed in self.session.scalars(seeds) if seed is not None}

    def totals(self) -> MusicTotals:
        """How long all music is, and how large its files are."""
        sums = select(func.sum(GenerationRow.seconds), func.sum(GenerationRow.size_bytes))
        seconds, size_bytes = self.session.execute(sums).one()
        return MusicTotals(float(seconds or 0.0), int(size_bytes or 0))


def _whole() -> Select[GenerationRow]:
    job, prompt = GenerationRow.job, GenerationRow.prompt
    return select(GenerationRow).join(job).join(prompt).options(contains_eager(job), contains_eager(prompt))
