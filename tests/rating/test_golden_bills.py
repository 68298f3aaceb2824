"""Every bill and every proration in tests/golden/bills comes out to the cent."""

from decimal import Decimal
from typing import Any

import pytest

from portal.rating.invoice import (
    BillLine,
    CreditGrant,
    Discount,
    RatedBillLine,
    rate_invoice,
)
from portal.rating.proration import prorated
from portal.rating.taxes import TaxRate
from tests.rating.golden import bill_examples

Example = dict[str, Any]


def named(example: Example) -> Any:
    return pytest.param(example, id=example["name"])


@pytest.mark.parametrize("example", [named(one) for one in bill_examples()])
def test_a_worked_bill_comes_out(example: Example) -> None:
    taxes = tuple(
        TaxRate(one["id"], Decimal(one["percentage"]), one["inclusive"])
        for one in example.get("tax_rates", ())
    )
    bill = rate_invoice(
        [line(one, taxes) for one in example["lines"]],
        discounts=[discount(one) for one in example.get("discounts", ())],
        grants=[grant(one) for one in example.get("grants", ())],
        balance=example.get("balance", 0),
        spread_evenly=example.get("spread_evenly", False),
    )

    assert {name: getattr(bill, name) for name in example["bill"]} == example["bill"]
    for rated, worked in zip(bill.lines, example["lines"], strict=True):
        check_line(rated, worked)


@pytest.mark.parametrize("example", [named(one) for one in bill_examples() if "prorations" in one])
def test_a_worked_proration_comes_out(example: Example) -> None:
    for one in example["prorations"]:
        part = prorated(one["amount"], one["start"], one["end"], one["at"])
        assert part == one["part"], one


def check_line(rated: RatedBillLine, worked: Example) -> None:
    assert dict(rated.discount_amounts) == worked.get("discount_amounts", {})
    assert dict(rated.credit_amounts) == worked.get("credit_amounts", {})
    assert [tax.amount for tax in rated.taxes] == worked.get("taxes", [])


def line(worked: Example, taxes: tuple[TaxRate, ...]) -> BillLine:
    return BillLine(
        key="line",
        amount=worked["amount"],
        product=worked.get("product", "prod_1"),
        price="price_1",
        is_metered=worked.get("metered", False),
        period_end=worked.get("period_end", 0),
        discountable=worked.get("discountable", True),
        discounts=tuple(discount(one) for one in worked.get("discounts", ())),
        tax_rates=taxes,
    )


def discount(worked: Example) -> Discount:
    percent = worked.get("percent_off")
    products = worked.get("products")
    return Discount(
        worked["id"],
        percent_off=None if percent is None else Decimal(percent),
        amount_off=worked.get("amount_off"),
        products=None if products is None else frozenset(products),
    )


def grant(worked: Example) -> CreditGrant:
    return CreditGrant(
        worked["id"],
        worked["available"],
        priority=50,
        category=worked.get("category", "paid"),
        effective_at=0,
        expires_at=worked.get("expires_at"),
        created=0,
    )
