from decimal import Decimal
from typing import Any

import pytest

from portal.rating.price import Price, Tier, TransformQuantity
from portal.rating.rate import rate
from portal.sandbox.billing.descriptions import line_description

MONTH = {"interval": "month", "interval_count": 1}


def descriptions(
    price: Price, quantity: str, *, unit_label: str | None = None, recurring: Any = MONTH
) -> list[str]:
    product = {"name": "Gitpod Usage", "unit_label": unit_label}
    lines = rate(price, Decimal(quantity)).lines
    return [line_description(line, price, product, recurring) for line in lines]


def per_unit(amount: str, currency: str = "usd", **more: Any) -> Price:
    return Price("price_1", currency, "per_unit", Decimal(amount), **more)


def test_a_quantity_its_product_and_its_rate() -> None:
    assert descriptions(per_unit("1000"), "1") == ["1 × Gitpod Usage (at $10.00 / month)"]


def test_the_unit_label_stands_in_the_singular() -> None:
    assert descriptions(per_unit("2500"), "3", unit_label="user") == [
        "3 user × Gitpod Usage (at $25.00 / month)"
    ]


@pytest.mark.parametrize(
    ("interval", "count", "shown"),
    [("year", 1, "/ year"), ("month", 3, "every 3 months"), ("week", 2, "every 2 weeks")],
)
def test_other_intervals_are_named(interval: str, count: int, shown: str) -> None:
    recurring = {"interval": interval, "interval_count": count}

    assert descriptions(per_unit("2500"), "1", recurring=recurring) == [
        f"1 × Gitpod Usage (at $25.00 {shown})"
    ]


def test_each_tier_and_each_flat_fee_says_its_number() -> None:
    # Published with github.com/gitpod-io/gitpod, components/usage/pkg/apiv1/billing_test.go.
    tiers = (Tier(Decimal(1000), Decimal(0), Decimal(900)), Tier(None, Decimal("3.6")))
    price = Price("price_1", "usd", "tiered", tiers=tiers, tiers_mode="graduated")

    assert descriptions(price, "1031", unit_label="credit") == [
        "1000 credit × Gitpod Usage (Tier 1 at $0.00 / month)",
        "Gitpod Usage (Tier 1 at $9.00 / month)",
        "31 credit × Gitpod Usage (Tier 2 at $0.036 / month)",
        "Gitpod Usage (Tier 2 at $0.00 / month)",
    ]


def test_a_package_says_how_many_units_its_rate_is_for() -> None:
    price = per_unit("1000", transform_quantity=TransformQuantity(60, "up"))

    assert descriptions(price, "150") == ["150 × Gitpod Usage (at $10.00 per 60 units / month)"]


def test_quantities_with_decimals_and_currencies_without() -> None:
    assert descriptions(per_unit("120", "jpy"), "2.50") == ["2.5 × Gitpod Usage (at ¥120 / month)"]
