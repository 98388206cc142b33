"""What was used: one row per call of an engine, written with the step it belongs to, and sums over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from tenuto.db.models import JobRow, OwnerRow, UsageRow
from tenuto.db.repository import Repository, decode_cursor, encode_cursor
from tenuto.domain.costs import Usage, UsageStats


@dataclass(frozen=True)
class Call:
    """Which work a call was for; the same one is never counted twice."""

    step: str
    part: int
    day: date


class UsageRepository(Repository[UsageRow]):
    """Usage, as far as the current owner may see it."""

    model = UsageRow
    noun = "usage"

    def record(self, job: JobRow, call: Call, usage: Usage, cost_micros: int) -> None:
        """Count a call, and add what it cost to its job."""
        row = UsageRow(
            owner_id=job.owner_id,
            job_id=job.id,
            job_uid=job.uid,
            kind=job.kind,
            step=call.step,
            part=call.part,
            day=call.day,
            engine=usage.engine,
            model=usage.model,
            requests=usage.requests,
            audio_ms=usage.audio_ms,
            characters=usage.characters,
            cost_micros=cost_micros,
        )
        self.add(row)
        if cost_micros:
            more = update(JobRow).where(JobRow.id == job.id).values(cost_micros=JobRow.cost_micros + cost_micros)
            self.session.execute(more.execution_options(synchronize_session=False))

    def by_engine(self, first: date, last: date) -> list[UsageStats]:
        """Sums by engine and model."""
        keys = (UsageRow.engine, UsageRow.model)
        return [_stats(row) for row in self.session.execute(_sums(*keys).where(_between(first, last)).order_by(*keys))]

    def by_day(self, first: date, last: date) -> list[UsageStats]:
        """Sums by day, in order."""
        found = self.session.execute(_sums(UsageRow.day).where(_between(first, last)).order_by(UsageRow.day))
        return [_stats(row) for row in found]

    def by_owner(self, first: date, last: date) -> list[UsageStats]:
        """Sums by owner: all of them for the server, otherwise one's own."""
        wanted = _sums(UsageRow.owner_id).where(_between(first, last)).order_by(UsageRow.owner_id)
        found = [_stats(row) for row in self.session.execute(wanted)]
        known = select(OwnerRow.id, OwnerRow.name).where(OwnerRow.id.in_(int(one.key) for one in found))
        names = {str(owner): name for owner, name in self.session.execute(known)}
        return [UsageStats(**{**vars(one), "key": names[one.key]}) for one in found]

    def by_job(
        self, first: date, last: date, *, limit: int, cursor: str | None = None
    ) -> tuple[list[UsageStats], str | None]:
        """One page of sums by job, the one that used something last first, and the cursor that leads to the rest."""
        later = aliased(UsageRow)
        same = (later.owner_id == UsageRow.owner_id, later.job_uid == UsageRow.job_uid, later.id > UsageRow.id)
        # A job is found by its last row, so that a page costs as much as a page and not as much as the table.
        leads = select(UsageRow.id, UsageRow.job_uid).where(
            _between(first, last), ~exists().where(*same, _in_time(later.day, first, last))
        )
        if cursor is not None:
            leads = leads.where(*self._behind(decode_cursor(cursor)))
        rows = self.session.execute(leads.order_by(UsageRow.day.desc(), UsageRow.id.desc()).limit(limit + 1)).all()
        uids = [uid for _, uid in rows[:limit]]
        wanted = _sums(UsageRow.job_uid).where(UsageRow.job_uid.in_(uids), _in_time(UsageRow.day, first, last))
        found = {row[0]: _stats(row) for row in self.session.execute(wanted)}
        return [found[uid] for uid in uids], encode_cursor(rows[limit - 1].id) if len(rows) > limit else None

    def _behind(self, row_id: int) -> tuple[ColumnElement[bool], ...]:
        day = self.get(row_id).day
        return UsageRow.day <= day, or_(UsageRow.day < day, UsageRow.id < row_id)


def _in_time(day: Any, first: date, last: date) -> ColumnElement[bool]:
    """As `_between`, for queries that must not go by the index of days: SQLite would rather read a year than a job."""
    return func.coalesce(day, day).between(first, last)


def _between(first: date, last: date) -> ColumnElement[bool]:
    return UsageRow.day.between(first, last)


def _sums(*keys: Any) -> Select[Any]:
    amounts = (UsageRow.requests, UsageRow.audio_ms, UsageRow.characters, UsageRow.cost_micros)
    return select(*keys, func.count(), *(func.sum(amount) for amount in amounts)).group_by(*keys)


def _stats(row: Any) -> UsageStats:
    *keys, calls, requests, audio_ms, characters, cost_micros = row
    return UsageStats(
        key=str(keys[0]),
        model=str(keys[1]) if len(keys) > 1 else "",
        calls=int(calls),
        requests=int(requests),
        audio_ms=int(audio_ms),
        characters=int(characters),
        cost_micros=int(cost_micros),
    )
