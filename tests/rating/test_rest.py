"""What is left to bill after a part was billed: nothing is billed twice, and nothing is lost."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given

from portal.rating.price import Price, Tier, TransformQuantity
from portal.rating.rate import LineKind, rate
from portal.rating.rest import lines_left, lines_taken_off
from tests.rating.prices import prices, quantities

STEPS = (Tier(Decimal(10), Decimal(20), Decimal(500)), Tier(None, Decimal(5)))
GRADUATED = Price("price_1", "usd", "tiered", tiers=STEPS, tiers_mode="graduated")
VOLUME = Price("price_2", "usd", "tiered", tiers=STEPS, tiers_mode="volume")


@given(prices, quantities, quantities)
def test_what_is_left_and_what_was_billed_make_the_whole(
    price: Price, one: Decimal, other: Decimal
) -> None:
    billed, quantity = sorted((one, other))

    left = [*lines_left(price, quantity, billed), *lines_taken_off(price, billed)]

    with localcontext(prec=80):
        exact = sum((line.exact for line in left), Decimal(0))
        taken = [line for line in rate(price, billed).lines if not line.amount]
        # A line that was rounded to nothing is not taken off.
        unbilled = (
            sum((line.exact for line in taken), Decimal(0)) if price.tiers_mode == "volume" else 0
        )
        assert exact == rate(price, quantity).exact - rate(price, billed).exact + unbilled


@pytest.mark.parametrize(
    ("quantity", "billed", "amounts"),
    [
        # 3 more of the first ten; its fee was paid
        (8, 5, [60]),
        # 5 more of the first ten, and 2 of the second tier, which has no fee
        (12, 5, [100, 10]),
        (5, 5, [0]),
        # usage was corrected: 2 × 20 are given back
        (3, 5, [-40]),
    ],
)
def test_graduated_tiers_go_on_where_they_were_left(
    quantity: int, billed: int, amounts: list[int]
) -> None:
    left = lines_left(GRADUATED, Decimal(quantity), Decimal(billed))

    assert [line.amount for line in left] == amounts
    assert lines_taken_off(GRADUATED, Decimal(billed)) == []


def test_a_volume_price_rates_all_anew_and_takes_off_what_was_billed() -> None:
    # 12 × 5 = 60; 5 × 20 + 500 were billed
    assert [line.amount for line in lines_left(VOLUME, Decimal(12), Decimal(5))] == [60, 0]
    assert [line.amount for line in lines_taken_off(VOLUME, Decimal(5))] == [-100, -500]


def test_packages_are_the_ones_that_were_not_billed() -> None:
    package = TransformQuantity(60, "up")
    price = Price("price_1", "usd", "per_unit", Decimal(100), transform_quantity=package)

    (line,) = lines_left(price, Decimal(185), Decimal(70))

    assert (line.kind, line.packages, line.amount) == (LineKind.PACKAGE, 2, 200)
