"""One of several that change the same jobs at once, as a thread or as a process of its own."""

import json
import sys
import time

from databases import OWNER, database_on
from tenuto import errors
from tenuto.db.work import EVERYONE
from tenuto.domain.jobs import JobStatus
from unit.db.rows import submit


def race(database, uids, number, rounds):
    """How many moves succeeded, and every error that was not a plain refusal."""
    won, strange = 0, []
    for turn in range(rounds):
        try:
            attempt(database, uids[(number + turn) % len(uids)], number, turn)
            won += 1
        except errors.InvalidTransition:
            continue
        except errors.TenutoError as error:
            strange.append(repr(error))
    return won, strange


def attempt(database, uid, number, turn):
    worker = f"worker {number}"
    with database.unit_of_work(EVERYONE) as work:
        job = work.jobs.get_by_id(uid)
        match job.status:
            case JobStatus.QUEUED if turn % 3:
                work.jobs.claim(job, worker)
            case JobStatus.PROCESSING if turn % 2:
                values = {"error_code": "engine_failed", "error_message": "no"}
                work.jobs.move(job, JobStatus.FAILED, actor=worker, **values)
            case JobStatus.PROCESSING:
                work.jobs.move(job, JobStatus.QUEUED, actor=worker, takeovers=job.takeovers + 1)
            case _:
                target = JobStatus.CANCELLED if job.status is JobStatus.QUEUED else JobStatus.QUEUED
                work.jobs.move(job, target, actor=worker)


def write(database, seconds):
    """Write without a pause for a while."""
    written, worst, strange = 0, 0.0, []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            submit(database, OWNER)
            written += 1
        except errors.TenutoError as error:
            strange.append(repr(error))
        worst = max(worst, time.monotonic() - began)
    return {"written": written, "worst_ms": round(worst * 1000), "strange": strange}


def main():
    number, url, verb, amount, *uids = sys.argv[1:]
    with database_on(url) as database:
        database.ping()
        print("ready", flush=True)
        sys.stdin.readline()
        if verb == "write":
            told = write(database, int(amount))
        else:
            won, strange = race(database, uids, int(number), int(amount))
            told = {"won": won, "strange": strange}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
