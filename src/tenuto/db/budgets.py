"""Budgets, and the accounts they are checked against: what is spent and what unfinished jobs have set aside.

Money moves only in transactions that hold the job's row first and then take accounts in one order, so that two of them
never wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tenuto import errors
from tenuto.db.models import BudgetRow, JobRow, ReservationRow, SpendingRow, now
from tenuto.db.repository import Repository
from tenuto.domain.costs import Period, Standing
from tenuto.domain.jobs import JobStatus


@dataclass(frozen=True, order=True)
class Account:
    """One row of spending: a time, and one engine or all (empty)."""

    period_key: str
    engine: str


def accounts_of(day: date, engine: str) -> list[Account]:
    """Every account that work of an engine on a day belongs to, in the order they are taken."""
    return sorted(Account(period.key(day), name) for period in Period for name in {"", engine})


class BudgetRepository(Repository[BudgetRow]):
    """Budgets of owners."""

    model = BudgetRow
    noun = "budget"

    def put(self, period: Period, engine: str, limit_micros: int) -> BudgetRow:
        """Set a budget of the current owner, or change the one there is."""
        wanted = select(BudgetRow).where(BudgetRow.period == period.value, BudgetRow.engine == engine)
        row = self.session.scalars(wanted).one_or_none()
        if row is not None:
            return self.update(row, limit_micros=limit_micros)
        return self.add(BudgetRow(period=period.value, engine=engine, limit_micros=limit_micros))

    def watching(self, job: JobRow, engine: str) -> Sequence[BudgetRow]:
        """The budgets that a job's work with an engine counts against."""
        mine = (BudgetRow.owner_id == job.owner_id, BudgetRow.engine.in_(("", engine)))
        return self.session.scalars(select(BudgetRow).where(*mine)).all()

    def standing(self, row: BudgetRow, day: date, *, without: int = 0) -> Standing:
        """How a budget stands on a day, leaving out what the one who asks has set aside itself."""
        period = Period(row.period)
        account = self.session.scalars(
            select(SpendingRow).where(*_is(row.owner_id, Account(period.key(day), row.engine)))
        ).one_or_none()
        spent, reserved = (account.spent_micros, account.reserved_micros - without) if account else (0, 0)
        return Standing(period, row.engine, row.limit_micros, spent, max(0, reserved), period.begins_anew(day))


class Spending:
    """The accounts of owners. Nothing here commits; a refusal must roll back what was set aside before it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.budgets = BudgetRepository(session)

    def hold(self, job: JobRow, worker_id: str) -> None:
        """Take the job's row; a worker that lost the job must not begin to pay for it."""
        held = (JobRow.id == job.id, JobRow.worker_id == worker_id, JobRow.status == JobStatus.PROCESSING)
        touch = update(JobRow).where(*held).values(updated_at=now()).execution_options(synchronize_session=False)
        if self.session.execute(touch).rowcount != 1:  # type: ignore[attr-defined]
            raise errors.Fenced(f"Job {job.uid} is no longer held by worker {worker_id}; nothing is paid for it here.")

    def set_aside(self, job: JobRow, engine: str, wanted_micros: int, day: date) -> Standing | None:
        """See that the job has this much set aside; the budget that does not allow it, if one does not.

        What the job has set aside already counts, and is enough where no budget was lowered since.
        """
        if wanted_micros <= 0:
            return None
        accounts = accounts_of(day, engine)
        budgets = {Account(Period(row.period).key(day), row.engine): row for row in self.budgets.watching(job, engine)}
        mine = self._set_aside_by(job)
        self._open(job.owner_id, accounts)
        for account in accounts:
            held = mine[account].micros if account in mine else 0
            budget = budgets.get(account)
            if not self._take(job.owner_id, account, held, wanted_micros, budget.limit_micros if budget else None):
                return None if budget is None else self.budgets.standing(budget, day, without=held)
            self._note(job, account, mine.get(account), max(held, wanted_micros))
        self.session.flush()
        return None

    def _take(self, owner_id: int, account: Account, held: int, wanted: int, limit: int | None) -> bool:
        """Compare and set in one statement; whether there was room."""
        room: list[ColumnElement[bool]] = []
        if limit is not None:
            room = [SpendingRow.spent_micros + SpendingRow.reserved_micros - held + wanted <= limit]
        more = max(0, wanted - held)
        return self._change(owner_id, account, *room, reserved_micros=SpendingRow.reserved_micros + more)

    def spend(self, job: JobRow, engine: str, micros: int, day: date) -> None:
        """What was set aside for a call is spent now; what was not set aside is spent all the same."""
        if micros <= 0:
            return
        accounts = accounts_of(day, engine)
        mine = self._set_aside_by(job)
        self._open(job.owner_id, accounts)
        for account in accounts:
            held = mine[account].micros if account in mine else 0
            spent = SpendingRow.spent_micros + micros
            reserved = SpendingRow.reserved_micros - min(held, micros)
            self._change(job.owner_id, account, spent_micros=spent, reserved_micros=reserved)
            if account in mine:
                mine[account].micros = max(0, held - micros)
        self.session.flush()

    def release(self, job: JobRow) -> None:
        """The job ended: others may have what it set aside."""
        mine = self._set_aside_by(job)
        for account in sorted(mine):
            row = mine[account]
            self._change(job.owner_id, account, reserved_micros=SpendingRow.reserved_micros - row.micros)
            self.session.delete(row)
        self.session.flush()

    def _set_aside_by(self, job: JobRow) -> dict[Account, ReservationRow]:
        rows = self.session.scalars(select(ReservationRow).where(ReservationRow.job_id == job.id))
        return {Account(row.period_key, row.engine): row for row in rows}

    def _note(self, job: JobRow, account: Account, row: ReservationRow | None, micros: int) -> None:
        if row is None:
            row = ReservationRow(owner_id=job.owner_id, job_id=job.id, **vars(account))
            self.session.add(row)
        row.micros = micros

    def _open(self, owner_id: int, accounts: Sequence[Account]) -> None:
        """Make sure that the accounts are there; two may want the same at once."""
        keys = [account.period_key for account in accounts]
        mine = (SpendingRow.owner_id == owner_id, SpendingRow.period_key.in_(keys))
        found = self.session.execute(select(SpendingRow.period_key, SpendingRow.engine).where(*mine))
        missing = sorted(set(accounts) - {Account(*row) for row in found})
        if missing:
            dialect: Any = postgresql if self.session.get_bind().dialect.name == "postgresql" else sqlite
            empty = {"owner_id": owner_id, "spent_micros": 0, "reserved_micros": 0}
            insert = dialect.insert(SpendingRow).on_conflict_do_nothing()
            self.session.execute(insert, [{**empty, **vars(account)} for account in missing])

    def _change(self, owner_id: int, account: Account, *conditions: ColumnElement[bool], **values: Any) -> bool:
        statement = update(SpendingRow).where(*_is(owner_id, account), *conditions).values(**values)
        changed = self.session.execute(statement.execution_options(synchronize_session=False))
        return bool(changed.rowcount)  # type: ignore[attr-defined]


def _is(owner_id: int, account: Account) -> tuple[ColumnElement[bool], ...]:
    return (
        SpendingRow.owner_id == owner_id,
        SpendingRow.period_key == account.period_key,
        SpendingRow.engine == account.engine,
    )
