"""A job's money while it runs: what its calls may cost is set aside before they begin, and spent when they are kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from tenuto.db.models import JobRow, now
from tenuto.db.usage import Call
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.costs import PriceTable, Usage
from tenuto.services.budgets import refuse_unpriced
from tenuto.services.pricing import is_unpriced


def record_usage(work: UnitOfWork, job: JobRow, call: Call, usage: Usage, prices: PriceTable) -> int:
    """Count what a call used, in the transaction that keeps what it made; its cost."""
    cost = prices.cost_of(usage)
    work.usage.record(job, call, usage, cost)
    work.spending.spend(job, usage.engine, cost, call.day)
    return cost


class Purse:
    """What the calls of one job that run now were promised, by thread; it dies with the step."""

    def __init__(self, database: Database, prices: PriceTable, job: JobRow, worker_id: str) -> None:
        self._database, self._prices, self._job, self._worker_id = database, prices, job, worker_id
        self._promised: dict[int, int] = {}
        self._days: dict[int, date] = {}
        # Between the commit that spends money and the end of its promise it would be counted twice.
        self._lock = threading.Lock()

    def ask(self, usage: Usage) -> None:
        """See that a call may be made, before it is; raises BudgetExceeded when it may not."""
        if is_unpriced(self._prices, usage):
            self._database.patiently(lambda work: refuse_unpriced(work, self._job, usage))
        cost = self._prices.cost_of(usage)
        if not cost:
            return
        with self._lock:
            wanted = sum(self._promised.values()) + cost
            day = now().date()

            def set_aside(work: UnitOfWork) -> None:
                work.spending.hold(self._job, self._worker_id)
                missing = work.spending.set_aside(self._job, usage.engine, wanted, day)
                if missing is not None:
                    raise missing.refusal(cost, self._prices.currency)

            self._database.patiently(set_aside)
            me = threading.get_ident()
            self._promised[me] = self._promised.get(me, 0) + cost
            self._days[me] = day

    def foresee(self, usages: Sequence[Usage]) -> None:
        """See that all these calls may be made, and have the job's estimate say what they will cost."""
        unpriced = [usage for usage in usages if is_unpriced(self._prices, usage)]
        cost, day = self._prices.estimate(usages), now().date()
        if not cost and not unpriced:
            return

        def set_aside(work: UnitOfWork) -> None:
            for usage in unpriced:
                refuse_unpriced(work, self._job, usage)
            work.spending.hold(self._job, self._worker_id)
            missing = work.spending.set_aside(self._job, usages[0].engine, cost, day)
            if missing is not None:
                raise missing.refusal(cost, self._prices.currency)
            job = work.jobs.get(self._job.id)
            work.jobs.update(job, cost_estimate_micros=job.cost_micros + cost)

        self._database.patiently(set_aside)

    def day_of(self, moment: datetime) -> date:
        """The day a call of this thread counts to: that on which it was allowed, also when it ends behind midnight."""
        return self._days.get(threading.get_ident(), moment.date())

    @contextmanager
    def paying(self, usage: Usage | None) -> Iterator[None]:
        """Around the transaction that keeps what a call made; its promise ends with it."""
        if usage is None:
            yield
            return
        with self._lock:
            yield
            me = threading.get_ident()
            self._promised[me] = max(0, self._promised.get(me, 0) - self._prices.cost_of(usage))

    def forget(self) -> None:
        """This thread's call is over, however it ended."""
        with self._lock:
            self._promised.pop(threading.get_ident(), None)
            self._days.pop(threading.get_ident(), None)
