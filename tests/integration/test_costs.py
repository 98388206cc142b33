"""Money through real workers: nothing is counted twice whatever dies, and no job overspends."""

from decimal import Decimal

import pytest

from ledgers import OWNER, ledger, make_recording
from tenuto import errors
from tenuto.domain.costs import Period
from tenuto.domain.jobs import JobStatus
from tenuto.services.processing import Submission
from tenuto.services.usage import Span
from unit.services.paying import check_books

pytestmark = pytest.mark.slow
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
PRICES = {"TENUTO_PRICES": '{"fake": {"minute": 0.6}}'}  # a hundredth a second
SECONDS = 170


def submit(here, **extra):
    source = make_recording(here.folder / "talk.wav", SECONDS)
    file = here.house.files.save_audio_file(OWNER, source, "talk.wav")
    options = {"engine": "fake", "extra": {"mark_file": str(here.folder / "marks"), **extra}}
    return here.house.processing.submit(OWNER, Submission(file_uid=file.uid, options=options))


def calls(here):
    return len((here.folder / "marks").read_text().splitlines())


def parts(here, job):
    return [
        step for step in here.house.processing.steps(OWNER, job.uid) if step.step == "transcribe" and step.part >= 0
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_stops_before_it_overspends_and_goes_on_behind_what_was_paid(kind, tmp_path):
    with ledger(kind, tmp_path, **PRICES) as here:
        job = submit(here, seconds=0.2)
        # Lowered below what was set aside already: room for some of the parts and not for all.
        here.house.budgets.put(OWNER, Period.MONTH, "fake", Decimal("1.2"))
        here.start_worker()
        failed = here.wait_for(job.uid, JobStatus.FAILED)
        assert failed.error_code == "budget_exceeded"
        assert "1.20 USD a month for the engine fake" in failed.error_message
        spent = check_books(here.house.database, OWNER)
        assert 0 < spent == failed.cost_micros <= 1_200_000
        paid = len(parts(here, job))
        assert calls(here) == paid  # A call that may not be paid is not begun.

        with pytest.raises(errors.BudgetExceeded):
            here.house.processing.retry(OWNER, job.uid)
        here.house.budgets.put(OWNER, Period.MONTH, "fake", Decimal("1.7"))
        here.house.processing.retry(OWNER, job.uid)
        done = here.wait_for(job.uid, JobStatus.COMPLETED)
        assert (done.cost_micros, done.cost_estimate_micros) == (SECONDS * 10_000, SECONDS * 10_000)
        assert calls(here) == len(parts(here, job))
        assert check_books(here.house.database, OWNER) == SECONDS * 10_000
        assert here.house.budgets.listed(OWNER)[0][0][1].reserved_micros == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", ["part:0", "part:1", "computed:transcribe", "recorded:transcribe"])
def test_a_part_that_was_paid_is_counted_once_whatever_dies(kind, point, tmp_path):
    with ledger(kind, tmp_path, **PRICES) as here:
        here.house.budgets.put(OWNER, Period.TOTAL, "", Decimal("1.7"))
        job = submit(here, die_at=point)
        worker = here.start_worker()
        worker.wait(60)
        here.start_worker()
        done = here.wait_for(job.uid, JobStatus.COMPLETED)
        assert done.cost_micros == SECONDS * 10_000
        assert check_books(here.house.database, OWNER) == SECONDS * 10_000
        (sums,), _ = here.house.usage.summary(OWNER, "job", Span.of(None, None))
        assert (sums.key, sums.audio_ms, sums.calls) == (job.uid, SECONDS * 1000, len(parts(here, job)))
