"""What work uses and what it costs. Amounts are millionths of a currency, so that sums are exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tenuto import errors

MICROS = 1_000_000
MINUTE_MS = 60_000
LARGEST_PRICE = 1_000_000
ANY_ENGINE = "*"
ZERO = Decimal(0)


class Period(StrEnum):
    """How long a budget lasts, in UTC."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"

    def key(self, day: date) -> str:
        """The name of the time that `day` belongs to."""
        return {Period.DAY: day.isoformat(), Period.MONTH: f"{day:%Y-%m}", Period.TOTAL: "total"}[self]

    def begins_anew(self, day: date) -> date | None:
        """The first day of the next one; a total has none."""
        if self is Period.DAY:
            return day + timedelta(days=1)
        if self is Period.MONTH:
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return None


@dataclass(frozen=True)
class Usage:
    """What one call of an engine used."""

    engine: str
    model: str = ""
    requests: int = 1
    audio_ms: int = 0
    characters: int = 0


@dataclass(frozen=True)
class UsageStats:
    """What was used and what it cost, summed over one day, engine, job or owner."""

    key: str = ""
    model: str = ""
    calls: int = 0
    requests: int = 0
    audio_ms: int = 0
    characters: int = 0
    cost_micros: int = 0


@dataclass(frozen=True)
class Price:
    """What an engine takes: per minute of sound, per thousand characters, per request."""

    minute: Decimal = ZERO
    thousand_characters: Decimal = ZERO
    request: Decimal = ZERO
    round_seconds: Decimal = ZERO  # the sound of each request is billed in steps of this length

    def cost_of(self, usage: Usage) -> int:
        """The cost in millionths; half a millionth counts as one."""
        sound = self.minute * self.billed_ms(usage) / MINUTE_MS
        total = sound + self.thousand_characters * usage.characters / 1000 + self.request * usage.requests
        return int((total * MICROS).to_integral_value(ROUND_HALF_UP))

    def billed_ms(self, usage: Usage) -> int:
        """How much sound is paid for: the whole of it cut evenly into the requests, each rounded up."""
        step = int(self.round_seconds * 1000)
        if not step or not usage.requests:
            return usage.audio_ms
        # A remainder makes some requests a millisecond longer than others; those are counted as they are.
        short, longer = divmod(usage.audio_ms, usage.requests)
        return _up(short, step) * (usage.requests - longer) + _up(short + 1, step) * longer


def _up(amount: int, step: int) -> int:
    return -(-amount // step) * step


@dataclass(frozen=True)
class PriceTable:
    """Prices by `engine:model`, by engine, and `*` for all others."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    currency: str = "USD"

    def price_of(self, engine: str, model: str = "") -> Price | None:
        """The nearest price, or None where none is set."""
        return next((self.prices[key] for key in (f"{engine}:{model}", engine, ANY_ENGINE) if key in self.prices), None)

    def cost_of(self, usage: Usage) -> int:
        """What one call costs; nothing where no price is set."""
        price = self.price_of(usage.engine, usage.model)
        return 0 if price is None else price.cost_of(usage)

    def estimate(self, usages: Iterable[Usage]) -> int:
        """What all these calls will cost."""
        return sum(self.cost_of(usage) for usage in usages)

    @property
    def engines(self) -> set[str]:
        """The engines that are named."""
        return {key.partition(":")[0] for key in self.prices} - {ANY_ENGINE}


def read_prices(given: Mapping[str, Mapping[str, Any]], currency: str) -> PriceTable:
    """Make a table of what the settings say, or name the price that cannot be used."""
    return PriceTable({key: _price(key, one) for key, one in given.items()}, currency)


def _price(key: str, given: Mapping[str, Any]) -> Price:
    known = [item.name for item in fields(Price)]
    for name, amount in given.items():
        if name not in known:
            raise errors.SettingsError(f"TENUTO_PRICES: {key!r} has {name!r}; a price has {', '.join(known)}.")
        if not 0 <= _decimal(amount) <= LARGEST_PRICE:
            raise errors.SettingsError(f"TENUTO_PRICES: {name} of {key!r} must be a number from 0 to {LARGEST_PRICE}.")
    return Price(**{name: _decimal(amount) for name, amount in given.items()})


def _decimal(amount: Any) -> Decimal:
    """The number as it was written: 0.1 is a tenth, not its nearest double."""
    try:
        found = Decimal(str(amount))
    except InvalidOperation:
        return Decimal(-1)
    return found if found.is_finite() else Decimal(-1)


def to_micros(amount: Decimal) -> int:
    """Millionths of an amount, rounded up: a limit of a thousandth of a millionth is not nothing."""
    return int((amount * MICROS).to_integral_value(ROUND_CEILING))


def amount_of(micros: int) -> float:
    """The amount as programs read it; exact to the millionth up to billions."""
    return micros / MICROS


def exactly(micros: int) -> str:
    """The amount with all its digits."""
    return f"{micros // MICROS}.{micros % MICROS:06d}"


def money(micros: int, currency: str) -> str:
    """The amount as people read it: at least cents, more digits where there are any."""
    whole, rest = divmod(micros, MICROS)
    digits = f"{rest:06d}".rstrip("0")
    return f"{whole}.{digits:0<2} {currency}"


@dataclass(frozen=True)
class Standing:
    """How a budget stands: its limit, what was spent, and what unfinished jobs have set aside."""

    period: Period
    engine: str
    limit_micros: int
    spent_micros: int
    reserved_micros: int
    begins_anew: date | None

    @property
    def left_micros(self) -> int:
        """What may still be asked for."""
        return max(0, self.limit_micros - self.spent_micros - self.reserved_micros)

    def refusal(self, needed_micros: int, currency: str) -> errors.BudgetExceeded:
        """The error for something that costs more than is left."""
        lasts = "in all" if self.period is Period.TOTAL else f"a {self.period}"
        scope = f" for the engine {self.engine}" if self.engine else ""
        anew = f"It begins anew on {self.begins_anew} (UTC); until then raise it" if self.begins_anew else "Raise it"
        return errors.BudgetExceeded(
            f"The budget of {money(self.limit_micros, currency)} {lasts}{scope} does not allow this:"
            f" {money(self.spent_micros, currency)} is spent, {money(self.reserved_micros, currency)} is set aside for"
            f" other work, and this needs {money(needed_micros, currency)}."
            f" {anew} with `tenuto budget set`, or take an engine that costs nothing.",
            period=self.period.value,
            engine=self.engine,
        )
