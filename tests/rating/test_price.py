from decimal import Decimal
from typing import Any

import pytest

from portal.rating.price import (
    CurrencyNotOffered,
    InvalidAmount,
    MissingTiers,
    MissingUnitAmount,
    PackagedTiers,
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
        (tiered({"up_to": None, "unit_amount": None}), MissingUnitAmount),
        (
            tiered({"unit_amount": 1}, transform_quantity={"divide_by": 5, "round": "up"}),
            PackagedTiers,
        ),
        (stripe_price(billing_scheme=None), UnknownBillingScheme),
        (stripe_price(transform_quantity={"divide_by": "five", "round": "up"}), UnknownRounding),
        (stripe_price(unit_amount_decimal="-1"), InvalidAmount),
        (stripe_price(unit_amount_decimal="cheap"), InvalidAmount),
        (stripe_price(unit_amount_decimal="NaN"), InvalidAmount),
        (stripe_price(unit_amount_decimal="0.0000000000001"), InvalidAmount),
        (tiered({"unit_amount": -1}), InvalidAmount),
        (tiered({"unit_amount": 1, "flat_amount_decimal": "-0.5"}), InvalidAmount),
        (tiered({"unit_amount": 1, "up_to": "many"}), InvalidAmount),
        (stripe_price(currency=None), CurrencyNotOffered),
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


def in_two_currencies(**option: Any) -> dict[str, Any]:
    return stripe_price(currency_options={"usd": {"unit_amount": 500}, "jpy": option})


def test_another_currency_has_amounts_of_its_own() -> None:
    price = price_from_stripe(in_two_currencies(unit_amount_decimal="75.5"), "JPY")

    assert (price.currency, price.unit_amount_decimal) == ("jpy", Decimal("75.5"))


def test_the_price_s_own_currency_needs_no_options() -> None:
    assert price_from_stripe(stripe_price(), "usd") == price_from_stripe(stripe_price())


def test_another_currency_has_tiers_of_its_own() -> None:
    dollars, yen = {"up_to": None, "unit_amount": 3}, {"up_to": None, "unit_amount": 4}

    price = price_from_stripe(tiered(dollars, currency_options={"jpy": {"tiers": [yen]}}), "jpy")

    assert price.tiers == (Tier(None, Decimal(4)),)


@pytest.mark.parametrize(
    ("refused", "currency", "error", "said"),
    [
        (in_two_currencies(unit_amount=75), "eur", CurrencyNotOffered, "only in jpy, usd"),
        (stripe_price(), "eur", CurrencyNotOffered, r"expand\[\]=currency_options"),
        (in_two_currencies(unit_amount=None), "jpy", MissingUnitAmount, "no unit amount"),
        (
            tiered({"unit_amount": 1}, currency_options={"jpy": {}}),
            "jpy",
            MissingTiers,
            r"expand\[\]=currency_options.jpy.tiers",
        ),
    ],
)
def test_a_currency_that_is_not_offered_is_never_free(
    refused: dict[str, Any], currency: str, error: type[UnusablePrice], said: str
) -> None:
    with pytest.raises(error, match=said):
        price_from_stripe(refused, currency)


def test_a_price_without_an_id_is_still_told_apart_by_what_is_wrong() -> None:
    with pytest.raises(UnknownBillingScheme, match="Price without an id has the billing scheme"):
        price_from_stripe({"currency": "usd"})


def test_zeros_at_the_end_are_no_decimals() -> None:
    fine = price_from_stripe(stripe_price(unit_amount_decimal="0.0400000000000000"))

    assert fine.unit_amount_decimal == Decimal("0.04")
