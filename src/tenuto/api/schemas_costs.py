"""Shapes of usage, budgets and estimates. Amounts are numbers, exact to the millionth of the currency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field

from tenuto.api.schemas import Given, Shown
from tenuto.domain.costs import Period, Standing, UsageStats, amount_of
from tenuto.services.pricing import Estimate


class ExpectedOut(Shown):
    """What an engine will probably be asked for."""

    engine: str
    model: str
    requests: int
    audio_seconds: float
    characters: int


class EstimateOut(Shown):
    """What a job would cost."""

    engine: str
    cost_estimate: float
    currency: str
    expected: list[ExpectedOut]
    warnings: list[str]

    @classmethod
    def of(cls, found: Estimate, currency: str) -> EstimateOut:
        """Read an estimate."""
        expected = [
            ExpectedOut(
                engine=one.engine,
                model=one.model,
                requests=one.requests,
                audio_seconds=one.audio_ms / 1000,
                characters=one.characters,
            )
            for one in found.usages
        ]
        cost, warnings = amount_of(found.cost_micros), list(found.warnings)
        return cls(engine=found.engine, cost_estimate=cost, currency=currency, expected=expected, warnings=warnings)


class UsageItem(Shown):
    """Sums over one day, engine, job or owner."""

    key: str
    model: str
    calls: int
    requests: int
    audio_seconds: float
    characters: int
    cost: float

    @classmethod
    def of(cls, one: UsageStats) -> UsageItem:
        """Read the sums."""
        same = {name: getattr(one, name) for name in ("key", "model", "calls", "requests", "characters")}
        return cls(**same, audio_seconds=one.audio_ms / 1000, cost=amount_of(one.cost_micros))


class UsageList(Shown):
    """Sums of usage from one day to another, both included, in UTC."""

    by: str
    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    currency: str
    items: list[UsageItem]
    next_cursor: str | None


class BudgetIn(Given):
    """A budget to set; one of the same period and engine is changed."""

    period: Period
    limit: Decimal = Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
    engine: str = Field("", max_length=60)


class BudgetOut(Shown):
    """A budget and how it stands."""

    id: str
    period: Period
    engine: str
    limit: float
    spent: float
    reserved: float
    left: float
    currency: str
    begins_anew: date | None

    @classmethod
    def of(cls, row: Any, standing: Standing, currency: str) -> BudgetOut:
        """Read a row and its standing."""
        return cls(
            id=row.uid,
            period=standing.period,
            engine=standing.engine,
            limit=amount_of(standing.limit_micros),
            spent=amount_of(standing.spent_micros),
            reserved=amount_of(standing.reserved_micros),
            left=amount_of(standing.left_micros),
            currency=currency,
            begins_anew=standing.begins_anew,
        )


class BudgetList(Shown):
    """A page of budgets."""

    items: list[BudgetOut]
    next_cursor: str | None
