"""Every worked amount in tests/golden comes out to the cent, line for line."""

from decimal import Decimal
from typing import Any

import pytest

from portal.rating.price import price_from_stripe
from portal.rating.rate import RatedLine, rate
from tests.rating.golden import bill_examples, price_examples, worked_cases


@pytest.mark.parametrize(("stripe_price", "case"), worked_cases())
def test_a_worked_amount_comes_out(stripe_price: dict[str, Any], case: dict[str, Any]) -> None:
    rated = rate(price_from_stripe(stripe_price), Decimal(case["quantity"]))

    assert rated.amount == case["total"]
    if "lines" in case:
        assert [as_golden(line) for line in rated.lines] == case["lines"]


def as_golden(line: RatedLine) -> dict[str, Any]:
    shown: dict[str, Any] = {"quantity": f"{line.quantity:f}"}
    for name in ("unit_amount_decimal", "flat_amount_decimal"):
        rate_of_line = getattr(line, name)
        if rate_of_line is not None:
            shown[name] = f"{rate_of_line:f}"
    return {**shown, "amount": line.amount}


def test_every_example_says_where_its_amounts_come_from() -> None:
    for example in (*price_examples(), *bill_examples()):
        by_hand = example["source"] == "by hand"
        assert example["source"].startswith("https://") or by_hand
        assert ("arithmetic" in example) == by_hand
