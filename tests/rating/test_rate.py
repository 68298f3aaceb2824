from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rating.price import Price, TransformQuantity
from portal.rating.rate import LineKind, UnusableQuantity, rate
from tests.rating.prices import packages, per_unit_prices, prices, quantities, tiered_prices


@given(prices, quantities)
def test_the_lines_of_a_price_add_up_to_its_amount(price: Price, quantity: Decimal) -> None:
    rated = rate(price, quantity)

    assert rated.amount == sum(line.amount for line in rated.lines)
    assert rated.quantity == quantity


@given(prices, quantities)
def test_each_line_is_its_exact_product_rounded_once(price: Price, quantity: Decimal) -> None:
    for line in rate(price, quantity).lines:
        with localcontext(prec=80):
            rate_of_line = line.flat_amount_decimal if line.kind is LineKind.FLAT else None
            counted = line.packages if line.kind is LineKind.PACKAGE else line.quantity
            exact = rate_of_line or (counted or Decimal(0)) * (line.unit_amount_decimal or 0)
            assert line.exact == exact
            assert line.amount == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@given(prices, quantities)
def test_every_unit_is_on_exactly_one_line(price: Price, quantity: Decimal) -> None:
    with localcontext(prec=80):
        assert sum(line.quantity for line in rate(price, quantity).lines) == quantity


@given(tiered_prices(tiers_mode="graduated"), quantities, quantities)
def test_a_graduated_amount_never_falls_when_usage_rises(
    price: Price, one: Decimal, other: Decimal
) -> None:
    less, more = sorted((one, other))

    assert rate(price, less).amount <= rate(price, more).amount


@given(per_unit_prices(st.one_of(st.none(), packages)), quantities, quantities)
def test_a_per_unit_amount_never_falls_when_usage_rises(
    price: Price, one: Decimal, other: Decimal
) -> None:
    less, more = sorted((one, other))

    assert rate(price, less).amount <= rate(price, more).amount


@given(tiered_prices(tiers_mode="volume"), quantities)
def test_a_volume_price_has_one_tier_for_every_unit(price: Price, quantity: Decimal) -> None:
    rated = rate(price, quantity)

    assert len({line.tier for line in rated.lines}) == 1
    assert rated.lines[0].quantity == quantity


@given(tiered_prices(tiers_mode="graduated"), quantities)
def test_the_reached_tiers_come_in_order_each_with_the_same_kinds_of_line(
    price: Price, quantity: Decimal
) -> None:
    lines = rate(price, quantity).lines

    tiers = [line.tier for line in lines if line.kind is LineKind.UNIT]
    assert tiers == list(range(1, len(tiers) + 1))
    has_flat_fee = any(tier.flat_amount_decimal is not None for tier in price.tiers)
    assert len(lines) == len(tiers) * (2 if has_flat_fee else 1)


@given(prices, st.decimals(max_value=0, min_value=-(10**9), places=12))
def test_a_negative_quantity_is_billed_like_none(price: Price, quantity: Decimal) -> None:
    assert rate(price, quantity).lines == rate(price, Decimal(0)).lines


@given(prices, quantities)
def test_the_exact_amount_is_at_most_half_a_unit_away_for_each_line(
    price: Price, quantity: Decimal
) -> None:
    rated = rate(price, quantity)

    with localcontext(prec=80):
        assert abs(rated.exact - rated.amount) <= Decimal(len(rated.lines)) / 2


def test_minus_zero_is_zero() -> None:
    price = Price("price_1", "usd", "per_unit", unit_amount_decimal=Decimal(1))

    (line,) = rate(price, Decimal("-0.0")).lines

    assert f"{line.quantity}" == "0"


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1" * 61, f"1e-{10**5}1", "1e999999"])
def test_a_quantity_that_would_lose_a_digit_is_refused(quantity: str) -> None:
    with pytest.raises(UnusableQuantity, match="price_1 cannot be rated exactly"):
        rate(Price("price_1", "usd", "per_unit", Decimal("1.5")), Decimal(quantity))


def test_a_package_counts_exactly_however_large_the_quantity() -> None:
    package = TransformQuantity(3, "up")
    price = Price("price_1", "usd", "per_unit", Decimal(1), transform_quantity=package)

    assert rate(price, Decimal(10**40)).amount == 10**40 // 3 + 1
    assert rate(price, Decimal("9.000000000001")).amount == 4
