"""What tests of money share: a job that is asked for, worked on and paid, on the ledger alone; run as a program it races."""

import json
import sys
from decimal import Decimal

from databases import database_on
from tenuto import errors
from tenuto.db.models import JobRow, ReservationRow, SpendingRow, UsageRow, now
from tenuto.db.steps import Finished
from tenuto.db.usage import Call
from tenuto.db.work import EVERYONE
from tenuto.domain.costs import Period, Price, PriceTable, Usage
from tenuto.domain.jobs import JobStatus
from tenuto.services.budgets import BudgetService, reserve
from tenuto.services.purse import Purse, record_usage
from unit.db.rows import new_job

# A request costs a millionth, so that numbers of requests and amounts are the same.
PRICES = PriceTable({name: Price(request=Decimal("0.000001")) for name in ("fake", "pocketsphinx")}, "EUR")


def set_budget(database, owner, micros, period=Period.TOTAL, engine=""):
    return BudgetService(database).put(owner, period, engine, Decimal(micros) / 10**6)[0]


def submit(database, owner, micros, engine="fake"):
    with database.unit_of_work(owner) as work:
        job = work.jobs.submit(new_job(cost_estimate_micros=micros, engine=engine), actor="owner")
        reserve(work, job, engine, "EUR")
        return job


def claim(database, job, worker="w"):
    with database.unit_of_work(EVERYONE) as work:
        work.jobs.claim(work.jobs.get(job.id), worker)
    return Purse(database, PRICES, job, worker)


def keep(database, purse, job, usage, part):
    """What `Run` does with a part that was paid."""

    def write(work):
        if work.steps.find(job.id, "transcribe", part) is None:
            work.steps.record(job, "w", Finished("transcribe", part, now(), {}))
            record_usage(work, job, Call("transcribe", part, purse.day_of(now())), usage, PRICES)

    with purse.paying(usage):
        database.patiently(write)


def end(database, job, status):
    values = {"error_code": "engine_failed"} if status is JobStatus.FAILED else {}
    with database.unit_of_work(EVERYONE) as work:
        work.jobs.move(work.jobs.get(job.id), status, actor="w", **values)


def retry(database, owner, job):
    with database.unit_of_work(owner) as work:
        row = work.jobs.get(job.id)
        work.jobs.move(row, JobStatus.QUEUED, actor="owner")
        reserve(work, row, row.engine, "EUR")


def accounts(database, owner):
    """(period key, engine) → (spent, reserved)."""
    with database.reading(owner) as work:
        rows = work.session.query(SpendingRow).all()
        return {(row.period_key, row.engine): (row.spent_micros, row.reserved_micros) for row in rows}


def check_books(database, owner):
    """Nothing is lost and nothing counted twice: accounts, reservations, usage and jobs agree."""
    today = now().date()
    with database.reading(owner) as work:
        usage = work.session.query(UsageRow).all()
        reservations = work.session.query(ReservationRow).all()
        jobs = work.session.query(JobRow).all()
    for (key, engine), (spent, reserved) in accounts(database, owner).items():
        assert key in {period.key(today) for period in Period}
        assert spent == sum(row.cost_micros for row in usage if engine in ("", row.engine))
        held = [row.micros for row in reservations if (row.period_key, row.engine) == (key, engine)]
        assert reserved == sum(held) >= 0
    for job in jobs:
        assert job.cost_micros == sum(row.cost_micros for row in usage if row.job_id == job.id)
        assert not job.status.is_finished or not [row for row in reservations if row.job_id == job.id]
    return sum(row.cost_micros for row in usage)


def live(database, owner, number, rounds):
    """Jobs of ten millionths, one after another, each paid in parts; every third one stops in the middle."""
    accepted, refused, strange = 0, 0, []
    for turn in range(rounds):
        try:
            job = submit(database, owner, 10)
            accepted += 1
            purse = claim(database, job)
            for part in range(10 if (turn + number) % 3 else 4):
                usage = Usage("fake")
                purse.ask(usage)
                keep(database, purse, job, usage, part)
            end(database, job, JobStatus.COMPLETED if (turn + number) % 3 else JobStatus.CANCELLED)
        except errors.BudgetExceeded:
            refused += 1
        except errors.TenutoError as error:
            strange.append(repr(error))
    return {"accepted": accepted, "refused": refused, "strange": strange}


def ask_only(database, owner, rounds):
    """Submissions that nobody works on."""
    told = {"accepted": 0, "refused": 0, "strange": []}
    for _ in range(rounds):
        try:
            submit(database, owner, 10)
            told["accepted"] += 1
        except errors.BudgetExceeded:
            told["refused"] += 1
        except errors.TenutoError as error:
            told["strange"].append(repr(error))
    return told


def main():
    number, url, verb, owner, rounds = sys.argv[1:]
    with database_on(url) as database:
        database.ping()
        print("ready", flush=True)
        sys.stdin.readline()
        if verb == "live":
            told = live(database, int(owner), int(number), int(rounds))
        else:
            told = ask_only(database, int(owner), int(rounds))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
