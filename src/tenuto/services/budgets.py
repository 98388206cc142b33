"""BudgetService: how much may be spent, and whether a job fits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from tenuto import errors
from tenuto.db.models import BudgetRow, JobRow, now
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.costs import Period, Standing, Usage, to_micros
from tenuto.engines import registry

MOST = Decimal(10**12)  # Its millionths still fit the column, with room for what is spent.


def reserve(work: UnitOfWork, job: JobRow, engine: str, currency: str, *, unpriced: Iterable[Usage] = ()) -> None:
    """Set aside what the job will still cost, in the transaction that queues it; refuse it where a budget does."""
    for usage in unpriced:
        refuse_unpriced(work, job, usage)
    needed = job.cost_estimate_micros - job.cost_micros
    missing = work.spending.set_aside(job, engine, needed, _today())
    if missing is not None:
        raise missing.refusal(needed, currency)


def refuse_unpriced(work: UnitOfWork, job: JobRow, usage: Usage) -> None:
    """Refuse paid work without a price where a budget covers it: what costs nobody knows what cannot be held by it."""
    if work.budgets.watching(job, usage.engine):
        raise errors.BudgetExceeded(
            f"A budget covers the engine {usage.engine}, and no price is set for its model {usage.model or '(none)'},"
            " so nobody can tell whether this fits. Set the price with TENUTO_PRICES, or take a model that has one.",
            engine=usage.engine,
        )


class BudgetService:
    """Budgets of owners."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def listed(
        self, owner_id: int, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[list[tuple[BudgetRow, Standing]], str | None]:
        """A page of budgets and how they stand, and the cursor that leads to the rest."""
        with self.database.reading(owner_id) as work:
            page = work.budgets.get_all(limit=limit, cursor=cursor)
            return [(row, work.budgets.standing(row, _today())) for row in page.rows], page.next_cursor

    def put(self, owner_id: int, period: Period, engine: str, limit: Decimal) -> tuple[BudgetRow, Standing]:
        """Set a budget or change it; what was spent in its time already counts."""
        if not 0 <= limit <= MOST:
            raise errors.ValidationError(f"A budget's limit must be between 0 and {MOST}.")
        if engine and not registry.kind_of(engine):
            raise errors.ValidationError(
                f"There is no engine {engine[:60]!r} to limit; leave it out to limit all engines together."
            )
        with self.database.unit_of_work(owner_id) as work:
            row = work.budgets.put(period, engine, to_micros(limit))
            return row, work.budgets.standing(row, _today())

    def delete(self, owner_id: int, uid: str) -> None:
        """Remove a budget; nothing is limited by it any more."""
        with self.database.unit_of_work(owner_id) as work:
            work.budgets.delete(work.budgets.get_by_id(uid))


def _today() -> date:
    return now().date()
