"""Every worked amount in tests/golden comes out to the cent, line for line."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.rating.price import price_from_stripe
from portal.rating.rate import RatedLine, rate

GOLDEN = Path(__file__).parents[1] / "golden"


def worked_cases() -> list[Any]:
    return [
        pytest.param(example["price"], case, id=f"{example['name']}, {case['quantity']}")
        for path in sorted(GOLDEN.glob("*.toml"))
        for example in tomllib.loads(path.read_text())["example"]
        for case in example["cases"]
    ]


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
    for path in GOLDEN.glob("*.toml"):
        for example in tomllib.loads(path.read_text())["example"]:
            by_hand = example["source"] == "by hand"
            assert example["source"].startswith("https://") or by_hand
            assert ("arithmetic" in example) == by_hand
