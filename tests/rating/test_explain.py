from decimal import Decimal

from portal.rating.explain import explain
from portal.rating.price import Price, Tier, TransformQuantity
from portal.rating.rate import rate

REQUESTS = Price(
    "price_1",
    "usd",
    "tiered",
    tiers=(Tier(Decimal(1_000_000), Decimal(0)), Tier(None, Decimal("0.04"))),
    tiers_mode="graduated",
)


def test_each_tier_is_a_row_that_can_be_checked_by_hand() -> None:
    assert explain(rate(REQUESTS, Decimal(4_812_400))) == (
        "1,000,000 × $0.00 included",
        "3,812,400 × $0.0004 = $1,524.96",
    )


def test_a_rounded_line_shows_what_it_was_before() -> None:
    row = explain(rate(REQUESTS, Decimal(1_642_611)))[-1]

    assert row == "642,611 × $0.0004 = $257.0444, rounded $257.04"


def test_a_flat_fee_has_a_row_of_its_own() -> None:
    price = Price(
        "price_1",
        "usd",
        "tiered",
        tiers=(Tier(None, Decimal(10), Decimal(900)),),
        tiers_mode="graduated",
    )

    assert explain(rate(price, Decimal("2.50"))) == (
        "2.5 × $0.10 = $0.25",
        "tier 1 flat fee = $9.00",
    )


def test_packages_are_counted_before_they_are_priced() -> None:
    price = Price(
        "price_1",
        "usd",
        "per_unit",
        unit_amount_decimal=Decimal(1000),
        transform_quantity=TransformQuantity(60, "up"),
    )

    assert explain(rate(price, Decimal(150))) == ("150 ÷ 60 rounded up = 3 × $10.00 = $30.00",)


def test_without_usage_there_is_still_a_row() -> None:
    price = Price("price_1", "jpy", "per_unit", unit_amount_decimal=Decimal("0.5"))

    assert explain(rate(price, Decimal(0))) == ("0 × ¥0.5 = ¥0",)


def test_usage_below_zero_says_that_it_counts_as_none() -> None:
    price = Price("price_1", "usd", "per_unit", unit_amount_decimal=Decimal(100))

    assert explain(rate(price, Decimal(-1_500))) == ("−1,500 counts as 0", "0 × $1.00 = $0.00")


def test_no_digit_of_a_huge_amount_is_lost() -> None:
    price = Price("price_1", "usd", "per_unit", unit_amount_decimal=Decimal("0.000000000001"))

    (row,) = explain(rate(price, Decimal(10**35 + 1)))

    assert row.endswith(f"= ${10**21:,}.00000000000001, rounded ${10**21:,}.00"), row
