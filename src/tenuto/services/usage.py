"""UsageService: what was used and what it cost, by engine, day, job or owner."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from tenuto import errors
from tenuto.db.models import now
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.costs import UsageStats, exactly
from tenuto.exports.transcript_csv import defuse

COLUMNS = ("calls", "requests", "audio_seconds", "characters", "cost", "currency")
Sums = Callable[[UnitOfWork, date, date], list[UsageStats]]
BY: dict[str, Sums] = {
    "engine": lambda work, first, last: work.usage.by_engine(first, last),
    "day": lambda work, first, last: work.usage.by_day(first, last),
    "owner": lambda work, first, last: work.usage.by_owner(first, last),
    "user": lambda work, first, last: work.usage.by_owner(first, last),  # the same, as people say it
}
WAYS = (*BY, "job")


@dataclass(frozen=True)
class Span:
    """Days from the first to the last, both included, in UTC."""

    first: date
    last: date

    @classmethod
    def of(cls, first: date | None, last: date | None) -> Span:
        """The days somebody names; without any, this month up to today."""
        last = last or now().date()
        first = first or last.replace(day=1)
        if first > last:
            raise errors.ValidationError(f"The time begins on {first} and ends before that, on {last}.")
        return cls(first, last)


class UsageService:
    """Sums of usage, as far as an owner may see them."""

    def __init__(self, database: Database, currency: str) -> None:
        self.database, self.currency = database, currency

    def summary(
        self, owner_id: int | None, by: str, span: Span, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[list[UsageStats], str | None]:
        """Sums, and the cursor that leads to the rest: only jobs come in pages."""
        if by not in WAYS:
            raise errors.ValidationError(f"Usage is summed by {', '.join(WAYS)}, not by {by[:40]!r}.")
        with self.database.browsing(owner_id) as work:
            if by == "job":
                return work.usage.by_job(span.first, span.last, limit=limit, cursor=cursor)
            return BY[by](work, span.first, span.last), None

    def table(self, owner_id: int | None, by: str, span: Span) -> Iterator[str]:
        """The same as lines of CSV, whole, safe to open in a spreadsheet."""
        cursor: str | None = None
        yield "\ufeff" + _line((by, "model", *COLUMNS) if by == "engine" else (by, *COLUMNS))
        while True:
            rows, cursor = self.summary(owner_id, by, span, limit=500, cursor=cursor)
            for one in rows:
                names = (one.key, one.model) if by == "engine" else (one.key,)
                amounts = (one.calls, one.requests, one.audio_ms / 1000, one.characters, exactly(one.cost_micros))
                yield _line((*(defuse(name) for name in names), *amounts, self.currency))
            if cursor is None:
                return


def _line(cells: tuple[object, ...]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(cells)
    return text.getvalue()
