"""Money is exact: no float ever touches a sum, and what is rounded is rounded once."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.costs import MICROS, Period, Price, PriceTable, Standing, Usage, exactly, money, read_prices

PRICES = st.decimals(0, 1000, places=6)
USAGES = st.builds(
    Usage,
    engine=st.just("fake"),
    requests=st.integers(0, 50),
    audio_ms=st.integers(0, 10**10),
    characters=st.integers(0, 10**9),
)


def table(**prices):
    return read_prices(prices, "EUR")


@given(minute=PRICES, characters=PRICES, request=PRICES, usage=USAGES)
def test_a_cost_is_the_exact_sum_rounded_to_the_nearest_millionth(minute, characters, request, usage):
    price = Price(minute, characters, request)
    sound = Fraction(minute) * usage.audio_ms / 60_000
    exact = sound + Fraction(characters) * usage.characters / 1000 + Fraction(request) * usage.requests
    assert abs(price.cost_of(usage) - exact * MICROS) <= Fraction(1, 2)


@given(usage=USAGES, step=st.integers(1, 3600))
def test_each_request_pays_for_whole_steps_and_for_less_than_one_too_many(usage, step):
    billed = Price(minute=Decimal(1), round_seconds=Decimal(step)).billed_ms(usage)
    if usage.requests:
        assert billed % (step * 1000) == 0
        assert usage.audio_ms <= billed < usage.audio_ms + step * 1000 * usage.requests
    else:
        assert billed == usage.audio_ms


@given(usages=st.lists(USAGES, max_size=20), minute=PRICES)
def test_an_estimate_is_the_sum_of_its_calls(usages, minute):
    prices = PriceTable({"fake": Price(minute=minute)})
    assert prices.estimate(usages) == sum(prices.cost_of(usage) for usage in usages)


@given(minute=st.floats(0, 1000).map(lambda value: round(value, 6)))
def test_a_price_is_the_number_that_was_written_and_not_its_nearest_double(minute):
    assert table(fake={"minute": minute}).price_of("fake").minute == Decimal(str(minute))


def test_a_minute_at_the_known_price_costs_what_the_bill_says():
    prices = table(openai={"minute": 0.006})
    assert prices.cost_of(Usage("openai", audio_ms=60_000)) == 6000
    assert prices.cost_of(Usage("openai", audio_ms=2 * 3_600_000)) == 720_000


@pytest.mark.parametrize(
    ("engine", "model", "amount"), [("a", "x", "1"), ("a", "y", "2"), ("a", "", "2"), ("b", "x", "3")]
)
def test_the_nearest_price_counts(engine, model, amount):
    prices = table(**{"a:x": {"request": 1}, "a": {"request": 2}, "*": {"request": 3}})
    assert prices.price_of(engine, model).request == Decimal(amount)


def test_a_model_without_a_price_costs_nothing_and_is_known_to_have_none():
    prices = table(**{"a:x": {"request": 1}})
    assert prices.cost_of(Usage("b", requests=7)) == 0
    assert prices.price_of("a", "x")
    assert prices.price_of("a", "x-2026-01-01") is None
    assert prices.price_of("b") is None


@pytest.mark.parametrize(
    "wrong", [{"minut": 1}, {"minute": -0.1}, {"minute": float("nan")}, {"request": float("inf")}, {"minute": 1e7}]
)
def test_a_price_that_makes_no_sense_is_named(wrong):
    with pytest.raises(errors.SettingsError, match="TENUTO_PRICES"):
        table(fake=wrong)


@pytest.mark.parametrize(("micros", "text"), [(0, "0.00"), (20_000_000, "20.00"), (6000, "0.006"), (1, "0.000001")])
def test_money_shows_cents_and_no_digit_too_few(micros, text):
    assert money(micros, "EUR") == f"{text} EUR"


@given(st.integers(0, 10**15))
def test_all_digits_are_there_when_asked_for(micros):
    assert Decimal(exactly(micros)) * MICROS == micros


@pytest.mark.parametrize(
    ("period", "key", "anew"),
    [
        (Period.DAY, "2026-12-31", date(2027, 1, 1)),
        (Period.MONTH, "2026-12", date(2027, 1, 1)),
        (Period.TOTAL, "total", None),
    ],
)
def test_a_period_has_a_name_and_an_end(period, key, anew):
    assert (period.key(date(2026, 12, 31)), period.begins_anew(date(2026, 12, 31))) == (key, anew)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
def test_the_next_period_is_another_one_and_the_day_before_it_is_not(day):
    for period in (Period.DAY, Period.MONTH):
        anew = period.begins_anew(day)
        assert period.key(anew) != period.key(day)
        assert period.key(date.fromordinal(anew.toordinal() - 1)) == period.key(day)


def test_a_refusal_says_which_budget_what_is_gone_what_is_needed_and_when_it_begins_anew():
    standing = Standing(Period.MONTH, "openai", 20_000_000, 18_500_000, 1_000_000, date(2026, 12, 1))
    refusal = standing.refusal(1_200_000, "EUR")
    assert refusal.code == "budget_exceeded"
    for part in ("20.00 EUR a month", "openai", "18.50 EUR", "1.00 EUR", "1.20 EUR", "2026-12-01", "budget set"):
        assert part in refusal.message
