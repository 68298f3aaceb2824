from decimal import Decimal

import pytest
from hypothesis import given

from portal.rating.outlook import cheaper_with_more, next_tier, next_unit, what_if
from portal.rating.price import Price, Tier, TransformQuantity
from portal.rating.rate import rate
from tests.rating.prices import prices, quantities, tiered_prices

STEPS = (
    Tier(Decimal(10), Decimal(20), Decimal(500)),
    Tier(Decimal(20), Decimal("7.5"), Decimal(300)),
    Tier(None, Decimal(5)),
)
GRADUATED = Price("price_1", "usd", "tiered", tiers=STEPS, tiers_mode="graduated")
VOLUME = Price("price_2", "usd", "tiered", tiers=STEPS, tiers_mode="volume")


@pytest.mark.parametrize(
    ("price", "quantity", "tier", "adds"),
    [
        (GRADUATED, 0, 1, "20"),
        (GRADUATED, -5, 1, "20"),
        # the eleventh unit opens the second tier: 7.5 + 300
        (GRADUATED, 10, 2, "307.5"),
        (GRADUATED, 11, 2, "7.5"),
        # 21 × 5 = 105, but 20 × 7.5 + 300 = 450
        (VOLUME, 20, 3, "-345"),
        # 11 × 7.5 + 300 = 382.5, but 10 × 20 + 500 = 700
        (VOLUME, 10, 2, "-317.5"),
    ],
)
def test_the_next_unit_costs_what_it_changes(
    price: Price, quantity: int, tier: int, adds: str
) -> None:
    found = next_unit(price, Decimal(quantity))

    assert (found.tier, found.adds) == (tier, Decimal(adds))
    assert found.unit_amount_decimal == price.tiers[tier - 1].unit_amount_decimal


def test_the_next_unit_of_a_package_is_free_until_the_package_is_full() -> None:
    package = TransformQuantity(60, "up")
    price = Price("price_1", "usd", "per_unit", Decimal(1000), transform_quantity=package)

    assert next_unit(price, Decimal(119)).adds == 0
    assert next_unit(price, Decimal(120)).adds == 1000


@pytest.mark.parametrize(
    ("quantity", "number", "distance"),
    [("0", 2, "10"), ("-3", 2, "10"), ("9.5", 2, "0.5"), ("10", 2, "0"), ("10.5", 3, "9.5")],
)
def test_the_distance_to_the_next_tier_is_what_still_fits(
    quantity: str, number: int, distance: str
) -> None:
    found = next_tier(GRADUATED, Decimal(quantity))

    assert found is not None
    assert (found.number, found.distance) == (number, Decimal(distance))
    assert found.tier is STEPS[number - 1]


def test_after_the_last_tier_and_without_tiers_none_comes() -> None:
    assert next_tier(GRADUATED, Decimal(21)) is None
    assert next_tier(Price("price_1", "usd", "per_unit", Decimal(1)), Decimal(0)) is None


def test_more_may_cost_less_at_a_volume_price() -> None:
    # 15 × 7.5 + 300 = 412.5 -> 113 + 300; 21 × 5 = 105
    found = cheaper_with_more(VOLUME, Decimal(15))

    assert found is not None
    assert found.then.quantity == 21
    assert found.difference == 105 - 413


def test_at_a_graduated_price_more_never_costs_less() -> None:
    assert cheaper_with_more(GRADUATED, Decimal(10)) is None
    assert what_if(GRADUATED, Decimal(10), Decimal(10)).difference == 0


@given(prices, quantities)
def test_what_fits_before_the_next_tier_is_rated_like_the_rest(
    price: Price, quantity: Decimal
) -> None:
    found = next_tier(price, quantity)

    if found is not None:
        assert len(rate(price, quantity + found.distance).lines) == len(rate(price, quantity).lines)
        assert rate(price, quantity + found.distance + 1).lines[-1].tier == found.number


@given(tiered_prices(), quantities)
def test_a_cheaper_larger_quantity_is_larger_and_cheaper(price: Price, quantity: Decimal) -> None:
    found = cheaper_with_more(price, quantity)

    if found is not None:
        assert price.tiers_mode == "volume"
        assert found.then.quantity > quantity
        assert found.then.amount < found.now.amount
