from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.money import Money, exponent, major_units, money_text, rate_text, round_amount


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("0.5", 1), ("1.5", 2), ("2.4999", 2), ("-0.5", -1), ("-0.4999", 0), ("25704.44", 25704)],
)
def test_an_amount_is_rounded_half_away_from_zero(exact: str, rounded: int) -> None:
    assert round_amount(Decimal(exact)) == rounded


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_rounding_moves_an_amount_by_half_a_unit_at_most(exact: Decimal) -> None:
    assert abs(Decimal(round_amount(exact)) - exact) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money(104725, "usd"), "$1,047.25"),
        (Money(-6000, "usd"), "−$60.00"),
        (Money(5, "usd"), "$0.05"),
        (Money(1999, "eur"), "€19.99"),
        (Money(250000, "jpy"), "¥250,000"),
        (Money(1234, "kwd"), "KWD\N{NO-BREAK SPACE}1.234"),
    ],
)
def test_an_amount_shows_the_decimals_of_its_currency(money: Money, shown: str) -> None:
    assert money_text(money) == shown


def test_a_change_carries_its_sign() -> None:
    assert money_text(Money(11144, "usd"), signed=True) == "+$111.44"
    assert money_text(Money(-11144, "usd"), signed=True) == "−$111.44"
    assert money_text(Money(0, "usd"), signed=True) == "$0.00"


@pytest.mark.parametrize(
    ("rate", "currency", "shown"),
    [
        ("0.04", "usd", "$0.0004"),
        ("40", "usd", "$0.40"),
        ("25", "usd", "$0.25"),
        ("3", "jpy", "¥3"),
    ],
)
def test_a_rate_shows_as_many_decimals_as_it_needs(rate: str, currency: str, shown: str) -> None:
    assert rate_text(Decimal(rate), currency) == shown


def test_amounts_of_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="eur"):
        Money(1, "usd") + Money(1, "eur")


def test_major_units_are_exact() -> None:
    assert major_units(1999, "usd") == Decimal("19.99")
    assert exponent("jpy") == 0
