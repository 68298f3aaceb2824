"""`python -m portal rate`: the lines of a price as text and as data, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.rating.golden import worked_cases

CREDITS = {
    "id": "price_credits",
    "object": "price",
    "currency": "usd",
    "billing_scheme": "tiered",
    "tiers_mode": "graduated",
    "unit_amount": None,
    "unit_amount_decimal": None,
    "transform_quantity": None,
    "tiers": [
        {
            "up_to": 1000,
            "unit_amount": 0,
            "unit_amount_decimal": "0",
            "flat_amount": 900,
            "flat_amount_decimal": "900",
        },
        {
            "up_to": None,
            "unit_amount": None,
            "unit_amount_decimal": "3.6",
            "flat_amount": None,
            "flat_amount_decimal": None,
        },
    ],
}


def rate(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal", "rate", *arguments],
        capture_output=True,
        text=True,
        input=stdin,
        timeout=60,
    )


@pytest.fixture
def price_file(tmp_path: Path) -> str:
    path = tmp_path / "price.json"
    path.write_text(json.dumps(CREDITS), encoding="utf-8")
    return str(path)


def line(quantity: str, unit: str | None, flat: str | None, amount: int) -> dict[str, Any]:
    return {
        "quantity": quantity,
        "unit_amount_decimal": unit,
        "flat_amount_decimal": flat,
        "amount": amount,
    }


def test_the_data_are_stripe_s_lines_and_nothing_else(price_file: str) -> None:
    ran = rate(price_file, "1031", "--json")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout) == {
        "lines": [
            line("1000", "0", None, 0),
            line("0", None, "900", 900),
            line("31", "3.6", None, 112),
            line("0", None, "0", 0),
        ],
        "total": 1012,
    }


def test_the_text_shows_the_parts_the_rounded_lines_and_the_total(price_file: str) -> None:
    ran = rate(price_file, "1031")

    assert ran.stdout.splitlines() == [
        "1,000 × $0.00 included                          0",
        "tier 1 flat fee = $9.00                       900",
        "31 × $0.036 = $1.116, rounded $1.12           112",
        "tier 2 flat fee = $0.00                         0",
        "total, usd                                   1012",
    ]


def test_the_price_may_come_from_the_standard_input() -> None:
    ran = rate("-", "0", "--json", stdin=json.dumps(CREDITS))

    assert json.loads(ran.stdout)["total"] == 900


def test_a_quantity_below_zero_is_no_option_and_billed_as_none(price_file: str) -> None:
    ran = rate(price_file, "-3.5", "--json")

    assert json.loads(ran.stdout)["lines"][0] == line("0", "0", None, 0)
    assert "−3.5 counts as 0" in rate(price_file, "-3.5").stdout


def test_another_currency_is_rated_with_its_own_amounts() -> None:
    price = {
        "id": "price_1",
        "currency": "usd",
        "billing_scheme": "per_unit",
        "unit_amount": 500,
        "currency_options": {"jpy": {"unit_amount": None, "unit_amount_decimal": "75.5"}},
    }

    ran = rate("-", "3", "--currency", "jpy", "--json", stdin=json.dumps(price))

    # 3 × 75.5 = 226.5
    assert json.loads(ran.stdout) == {"lines": [line("3", "75.5", None, 227)], "total": 227}


def test_a_decimal_that_is_written_as_a_number_keeps_its_digits() -> None:
    price = (
        '{"id": "price_1", "currency": "usd", "billing_scheme": "per_unit",'
        ' "unit_amount_decimal": 0.123456789012}'
    )

    ran = rate("-", "1000000000000", "--json", stdin=price)

    assert json.loads(ran.stdout)["total"] == 123_456_789_012


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("{", "The standard input is no JSON"),
        ("[]", "holds no price but a list"),
        ('{"object": "plan"}', "holds no price but a plan"),
        (json.dumps(CREDITS | {"tiers": None}), "Price price_credits is tiered but its tiers"),
        (json.dumps(CREDITS | {"billing_scheme": "auction"}), "has the billing scheme 'auction'"),
    ],
)
def test_a_price_that_cannot_be_rated_ends_with_1_and_says_why(price: str, said: str) -> None:
    ran = rate("-", "5", "--json", stdin=price)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("quantity", ["many", "NaN", "Infinity", "1,000", ""])
def test_what_is_no_quantity_ends_with_2(price_file: str, quantity: str) -> None:
    ran = rate(price_file, quantity)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "is no quantity" in ran.stderr


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    ran = rate(str(tmp_path / "missing.json"), "5")

    assert ran.returncode == 2
    assert "cannot be read" in ran.stderr


@pytest.mark.long
@pytest.mark.parametrize(("stripe_price", "case"), worked_cases())
def test_every_worked_amount_comes_out_of_the_command(
    stripe_price: dict[str, Any], case: dict[str, Any]
) -> None:
    ran = rate("-", case["quantity"], "--json", stdin=json.dumps(stripe_price))

    told = json.loads(ran.stdout)
    assert told["total"] == case["total"]
    if "lines" in case:
        filled = [
            {name: value for name, value in one.items() if value is not None}
            for one in told["lines"]
        ]
        assert filled == case["lines"]
