from decimal import Decimal
from typing import Any

import pytest

from portal.rating.price import (
    MissingTiers,
    MissingUnitAmount,
    Price,
    Tier,
    TiersOutOfOrder,
    TransformQuantity,
    UnknownBillingScheme,
    UnknownRounding,
    UnknownTiersMode,
    UnusablePrice,
    price_from_stripe,
)


def stripe_price(**changes: Any) -> dict[str, Any]:
    return {
        "id": "price_1",
        "currency": "usd",
        "billing_scheme": "per_unit",
        "unit_amount": 500,
        "unit_amount_decimal": "500",
        "tiers_mode": None,
        "transform_quantity": None,
    } | changes


def tiered(*tiers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return stripe_price(
        billing_scheme="tiered",
        tiers_mode="graduated",
        unit_amount=None,
        unit_amount_decimal=None,
        tiers=list(tiers),
    ) | dict(changes)


def test_the_decimal_amount_counts_where_the_whole_one_is_null() -> None:
    price = price_from_stripe(stripe_price(unit_amount=None, unit_amount_decimal="0.04"))

    assert price.unit_amount_decimal == Decimal("0.04")


def test_decimals_may_come_from_the_wire_or_from_the_sdk() -> None:
    on_the_wire = price_from_stripe(stripe_price(unit_amount_decimal="0.04"))
    from_the_sdk = price_from_stripe(stripe_price(unit_amount_decimal=Decimal("0.04")))

    assert on_the_wire == from_the_sdk


def test_tiers_keep_their_bounds_rates_and_fees() -> None:
    price = price_from_stripe(
        tiered(
            {"up_to": 10, "unit_amount_decimal": "1.5", "flat_amount": 100},
            {"up_to": None, "unit_amount": None, "flat_amount_decimal": "0.5"},
        )
    )

    assert price.tiers == (
        Tier(Decimal(10), Decimal("1.5"), Decimal(100)),
        Tier(None, Decimal(0), Decimal("0.5")),
    )


def test_a_package_says_how_it_divides_and_rounds() -> None:
    price = price_from_stripe(stripe_price(transform_quantity={"divide_by": 1000, "round": "up"}))

    assert price.transform_quantity == TransformQuantity(1000, "up")


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (stripe_price(billing_scheme="auction"), UnknownBillingScheme),
        (stripe_price(unit_amount=None, unit_amount_decimal=None), MissingUnitAmount),
        (stripe_price(transform_quantity={"divide_by": 5, "round": "even"}), UnknownRounding),
        (stripe_price(transform_quantity={"divide_by": 0, "round": "up"}), UnknownRounding),
        (tiered(), MissingTiers),
        (tiered(tiers=None), MissingTiers),
        (tiered({"up_to": None, "unit_amount": 1}, tiers_mode="stairs"), UnknownTiersMode),
    ],
)
def test_what_cannot_be_rated_is_refused_by_name(
    refused: dict[str, Any], error: type[UnusablePrice]
) -> None:
    with pytest.raises(error, match="price_1") as caught:
        price_from_stripe(refused)

    assert caught.value.price_id == "price_1"


@pytest.mark.parametrize(
    "bounds",
    [(10, 5, None), (10, 10, None), (None, 10), (10, None, None), (0, None), (10, 20)],
    ids=str,
)
def test_tiers_out_of_order_are_refused(bounds: tuple[int | None, ...]) -> None:
    tiers = tuple(Tier(None if bound is None else Decimal(bound), Decimal(1)) for bound in bounds)

    with pytest.raises(TiersOutOfOrder):
        Price("price_1", "usd", "tiered", tiers=tiers, tiers_mode="graduated")
