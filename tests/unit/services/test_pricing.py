"""What work of paid engines costs before it begins; a model without a price is told, and refused where a budget is."""

from decimal import Decimal

import pytest

from databases import add_owner
from tenuto import errors
from tenuto.db.work import EVERYONE
from tenuto.domain.costs import Period, Usage, read_prices
from tenuto.engines.config import EngineConfig
from tenuto.pipelines.transcribe_options import check
from tenuto.services.budgets import BudgetService, reserve
from tenuto.services.pricing import Pricing
from tenuto.services.purse import Purse
from unit.db.rows import new_job

PRICES = read_prices({"openai:whisper-1": {"minute": 0.006}}, "USD")
NEW = "gpt-4o-mini-transcribe"


def estimate(tmp_path, **options):
    config = EngineConfig(tmp_path, openai_api_key="sk-x", openai_model="gpt-4o-transcribe")
    given = check({"engine": "openai", **options})
    return Pricing(PRICES, config).estimate("transcribe", given, 60_000)


@pytest.mark.parametrize("model", [NEW, "whisper-1-2026-01-01"])
def test_each_model_without_a_price_is_told_by_name(model, tmp_path):
    found = estimate(tmp_path, model=model)
    assert found.cost_micros == 0
    assert f"the paid engine openai with the model {model}," in found.warnings[0]


def test_a_model_with_a_price_is_no_matter_of_warnings(tmp_path):
    found = estimate(tmp_path, model="whisper-1")
    assert (found.cost_micros, found.warnings) == (6000, ())


def test_a_translation_is_priced_as_the_model_that_makes_it(tmp_path):
    found = estimate(tmp_path, translate=True, model=NEW)
    assert [usage.model for usage in found.usages] == ["whisper-1"]
    assert (found.cost_micros, found.warnings) == (6000, ())


@pytest.mark.parametrize("engine", ["", "openai"])
def test_a_budget_is_not_passed_by_naming_a_model_that_has_no_price(database, engine, tmp_path):
    owner = add_owner(database)
    BudgetService(database).put(owner, Period.MONTH, engine, Decimal(0))
    found = estimate(tmp_path, model=NEW)
    with database.unit_of_work(owner) as work:
        job = work.jobs.submit(new_job(), actor="owner")
    with database.unit_of_work(owner) as work, pytest.raises(errors.BudgetExceeded, match=NEW):
        reserve(work, job, "openai", "USD", unpriced=found.unpriced)


def test_a_budget_of_another_engine_is_no_reason_to_refuse(database, tmp_path):
    owner = add_owner(database)
    BudgetService(database).put(owner, Period.MONTH, "yandex", Decimal(0))
    with database.unit_of_work(owner) as work:
        job = work.jobs.submit(new_job(), actor="owner")
        reserve(work, job, "openai", "USD", unpriced=estimate(tmp_path, model=NEW).unpriced)


def test_a_worker_makes_no_call_that_has_no_price_once_there_is_a_budget(database):
    owner = add_owner(database)
    with database.unit_of_work(owner) as work:
        job = work.jobs.submit(new_job(), actor="owner")
    with database.unit_of_work(EVERYONE) as work:
        work.jobs.claim(work.jobs.get(job.id), "w")
    purse = Purse(database, PRICES, job, "w")
    purse.ask(Usage("openai", NEW, audio_ms=1000))
    BudgetService(database).put(owner, Period.MONTH, "openai", Decimal(5))
    with pytest.raises(errors.BudgetExceeded, match=NEW):
        purse.ask(Usage("openai", NEW, audio_ms=1000))
