"""What Stripe's coupons, tax rates, grants and invoice items mean for a bill."""

from decimal import Decimal
from typing import Any

import pytest

from portal.rating.invoice import CreditGrant, Discount
from portal.rating.taxes import TaxRate
from portal.stripe_gateway.next_bill import translate
from portal.stripe_gateway.next_bill.facts import Deductions

DISCOUNT = {"id": "di_1", "end": None, "source": {"type": "coupon", "coupon": "SPRING"}}


def coupon(**changes: Any) -> dict[str, Any]:
    nothing = {"percent_off": None, "amount_off": None, "currency": None, "applies_to": None}
    return {"id": "SPRING", **nothing, **changes}


@pytest.mark.parametrize(
    ("granted", "discount"),
    [
        ({"percent_off": 12.5}, Discount("di_1", Decimal("12.5"))),
        ({"amount_off": 500, "currency": "usd"}, Discount("di_1", None, 500)),
        (
            {"percent_off": 10, "applies_to": {"products": ["prod_1", "prod_2"]}},
            Discount("di_1", Decimal(10), products=frozenset({"prod_1", "prod_2"})),
        ),
        (
            {
                "amount_off": 500,
                "currency": "eur",
                "currency_options": {"usd": {"amount_off": 600}},
            },
            Discount("di_1", None, 600),
        ),
        # In a currency that the coupon does not have it takes nothing off.
        ({"amount_off": 500, "currency": "eur"}, Discount("di_1")),
    ],
)
def test_a_discount_gives_what_its_coupon_grants(
    granted: dict[str, Any], discount: Discount
) -> None:
    assert translate.discount(DISCOUNT, coupon(**granted), "usd") == discount


def test_the_coupon_may_be_expanded_or_not() -> None:
    expanded = {**DISCOUNT, "source": {"type": "coupon", "coupon": {"id": "SPRING"}}}

    assert translate.coupon_of(DISCOUNT) == translate.coupon_of(expanded) == "SPRING"


def test_a_discount_is_over_from_its_end_on() -> None:
    ending = {**DISCOUNT, "end": 100}

    assert not translate.is_over(DISCOUNT, 100)
    assert not translate.is_over(ending, 99)
    assert translate.is_over(ending, 100)


def test_a_percentage_keeps_its_digits() -> None:
    rate = {"id": "txr_1", "percentage": 8.875, "inclusive": False}

    assert translate.tax_rates([rate]) == (TaxRate("txr_1", Decimal("8.875"), False),)
    assert translate.tax_rates(None) == ()


@pytest.mark.parametrize(
    ("scope", "prices"),
    [
        ({"price_type": "metered"}, None),
        ({"prices": [{"id": "price_1"}, {"id": "price_2"}]}, frozenset({"price_1", "price_2"})),
    ],
)
def test_a_grant_without_a_beginning_begins_when_it_was_made(
    scope: dict[str, Any], prices: frozenset[str] | None
) -> None:
    grant = {
        "id": "credgr_1",
        "applicability_config": {"scope": scope},
        "category": "paid",
        "created": 7,
        "effective_at": None,
        "expires_at": None,
        "priority": 50,
    }

    assert translate.credit_grant(grant, 300) == CreditGrant(
        "credgr_1", 300, 50, "paid", effective_at=7, expires_at=None, created=7, prices=prices
    )


def test_an_invoice_item_may_have_no_price() -> None:
    item = {
        "id": "ii_1",
        "amount": 900,
        "description": "Set-up",
        "discountable": True,
        "period": {"start": 1, "end": 2},
        "pricing": None,
    }

    found = translate.pending_item(item, Deductions())

    assert (found.amount, found.price_id, found.product_id) == (900, None, None)
