"""Formats: the design's own examples, and the edges around them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import Period
from portal.components.formats import (
    change_text,
    currency_text,
    days_in,
    exact_quantity_text,
    period_name,
    period_text,
    price_text,
    quantity_text,
)
from tests.make import DECEMBER, NOVEMBER, OCTOBER


@pytest.mark.parametrize(
    ("quantity", "unit", "text"),
    [
        ("1642611", "requests", "1.64 M"),
        ("417429669", "tokens", "417.4 M"),
        ("88", "GB", "88 GB"),
        ("1000000", "requests", "1 M"),
        ("250000000", "", "250 M"),
        ("1000000000", "", "1,000 M"),
        ("98765432109876", "", "98.8 T"),
        ("12345", "requests", "12.3 k"),
        ("1234", "requests", "1,234"),
        ("12.5", "min", "12.5 min"),
        ("0", "GB", "0 GB"),
        ("0.00123", "kWh", "0.00123 kWh"),
        ("-3", "", "−3"),
    ],
)
def test_a_quantity_keeps_three_or_four_digits_and_its_unit(quantity, unit, text):
    assert quantity_text(Decimal(quantity), unit).replace("\N{NO-BREAK SPACE}", " ") == text


@given(st.decimals(min_value=0, max_value=10**16, places=6))
def test_no_quantity_is_longer_than_its_place(quantity):
    assert len(quantity_text(quantity)) <= 9


def test_an_explained_quantity_shows_every_digit():
    assert exact_quantity_text(Decimal("1642611")) == "1,642,611"
    assert exact_quantity_text(Decimal("1E+6")) == "1,000,000"


@pytest.mark.parametrize(
    ("unit_amount", "currency", "price_per", "unit", "text"),
    [
        ("0.04", "usd", 1000, "requests", "$0.40 / 1,000"),
        ("0.000065", "usd", 1_000_000, "tokens", "$0.65 / M"),
        ("25", "usd", 1, "GB", "$0.25 / GB"),
        ("500", "usd", 1, "seats", "$5.00 each"),
        ("0.0125", "usd", 1, "requests", "$0.000125 each"),
        ("3", "jpy", 100, "requests", "¥300 / 100"),
    ],
)
def test_a_price_is_written_per_as_many_units_as_people_think_in(
    unit_amount, currency, price_per, unit, text
):
    shown = price_text(Decimal(unit_amount), currency, price_per=price_per, unit_label=unit)

    assert shown.replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        ("107", "100", "+7%"),
        ("88", "100", "−12%"),
        ("100", "100", "0%"),
        ("100.4", "100", "0%"),
        ("0", "5", "−100%"),
        ("33", "3", "11×"),
        ("32", "3", "+967%"),
    ],
)
def test_a_change_always_shows_its_sign(now, before, text):
    assert change_text(Decimal(now), Decimal(before)) == text


def test_a_period_names_its_month_once():
    across_months = Period(datetime(2026, 10, 15, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC))
    across_years = Period(datetime(2026, 12, 15, tzinfo=UTC), datetime(2027, 1, 15, tzinfo=UTC))
    one_day = Period(NOVEMBER.start, NOVEMBER.start + timedelta(days=1))

    assert period_text(NOVEMBER, year=True) == "1–30 Nov 2026"
    assert period_text(NOVEMBER) == "1–30 Nov"
    assert period_text(across_months) == "15 Oct–14 Nov"
    assert period_text(across_years) == "15 Dec 2026–14 Jan 2027"
    assert period_text(one_day, year=True) == "1 Nov 2026"


def test_a_period_that_ends_within_a_day_still_has_that_day():
    start = datetime(2026, 11, 15, 10, 42, tzinfo=UTC)
    period = Period(start, start + timedelta(days=30))

    assert period_text(period) == "15 Nov–15 Dec"
    assert days_in(period) == 30


def test_only_a_calendar_month_has_a_name():
    two_months = Period(OCTOBER.start, NOVEMBER.end)

    assert period_name(OCTOBER) == "October"
    assert period_name(DECEMBER) == "December"
    assert period_name(two_months) == "1 Oct–30 Nov"


def test_currencies_are_named_in_words():
    assert currency_text("usd") == "US dollars"
    assert currency_text("jpy") == "Japanese yen"
