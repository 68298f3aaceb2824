"""The fast path gives the amounts of the plain one, whatever the price and the quantities."""

from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.rating.price import Price, Tier, TransformQuantity
from portal.rating.rate import UnusableQuantity, rate
from portal.rating.sweep import PriceSweep, rate_all
from tests.rating.prices import amounts, prices, quantities

# Where products of whole numbers come close to 64 bits, and beyond.
huge = st.integers(2**55, 2**70).map(Decimal)
corrected = st.decimals(min_value=-(10**6), max_value=0, places=3)
batches = st.lists(st.one_of(quantities, huge, corrected), min_size=1, max_size=20)


def check(price: Price, batch: list[Decimal]) -> None:
    sweep = PriceSweep(price)
    rated = [rate(price, quantity) for quantity in batch]

    assert sweep.amounts(batch) == [one.amount for one in rated]
    assert sweep.line_amounts(batch) == [tuple(line.amount for line in one.lines) for one in rated]


@given(prices, batches)
def test_the_fast_path_gives_every_line_of_the_plain_one(
    price: Price, batch: list[Decimal]
) -> None:
    check(price, batch)


def around_the_bounds(price: Price) -> list[Decimal]:
    bounds = [tier.up_to for tier in price.tiers if tier.up_to is not None]
    steps = (Decimal(-1), Decimal("-0.001"), Decimal(0), Decimal("0.001"), Decimal(1))
    return [Decimal(0), *(bound + step for bound in bounds for step in steps)]


@given(prices)
def test_the_fast_path_changes_tiers_where_the_plain_one_does(price: Price) -> None:
    check(price, around_the_bounds(price))


@pytest.mark.long
@settings(max_examples=5_000, deadline=None)
@given(prices, st.lists(st.one_of(quantities, huge, corrected), min_size=20, max_size=30))
def test_a_hundred_thousand_amounts_are_those_of_the_plain_path(
    price: Price, batch: list[Decimal]
) -> None:
    check(price, batch)


@given(
    st.lists(st.tuples(st.integers(0, 2), quantities), max_size=20),
    st.tuples(prices, prices, prices),
)
def test_many_prices_are_rated_together(
    chosen: list[tuple[int, Decimal]], offered: tuple[Price, Price, Price]
) -> None:
    pairs = [(offered[number], quantity) for number, quantity in chosen]

    assert rate_all(pairs) == [rate(price, quantity).amount for price, quantity in pairs]


@given(amounts, st.integers(1, 2**70), st.sampled_from(["up", "down"]), batches)
@example(Decimal(1), 2**63 - 1, "up", [Decimal(2**62), Decimal(1), Decimal(0)])
def test_packages_of_any_size_are_counted_alike(
    unit_amount: Decimal, divide_by: int, rounding: str, batch: list[Decimal]
) -> None:
    package = TransformQuantity(divide_by, rounding)
    check(Price("price_1", "usd", "per_unit", unit_amount, transform_quantity=package), batch)


def test_a_bound_beyond_64_bits_is_never_reached() -> None:
    tiers = (Tier(Decimal(10**25), Decimal(1)), Tier(None, Decimal(2), Decimal(7)))
    for mode in ("graduated", "volume"):
        price = Price("price_1", "usd", "tiered", tiers=tiers, tiers_mode=mode)
        check(price, [Decimal(0), Decimal(10**18), Decimal(10**25), Decimal(10**26)])


def test_a_rate_that_fits_no_64_bits_is_left_to_the_plain_path() -> None:
    price = Price("price_1", "usd", "per_unit", Decimal("99999999999.000000000001"))

    check(price, [Decimal(0), Decimal(1), Decimal("0.000000000001")])


def test_no_quantities_make_no_amounts() -> None:
    assert PriceSweep(Price("price_1", "usd", "per_unit", Decimal(1))).amounts([]) == []
    assert rate_all([]) == []


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1e80"])
def test_a_quantity_that_cannot_be_rated_is_refused_as_by_the_plain_path(quantity: str) -> None:
    sweep = PriceSweep(Price("price_1", "usd", "per_unit", Decimal(1)))

    with pytest.raises(UnusableQuantity):
        sweep.amounts([Decimal(5), Decimal(quantity)])
