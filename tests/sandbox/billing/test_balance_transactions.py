"""Stripe's fee, in every kind of currency."""

import pytest

from portal.sandbox.billing.balance_transactions import charged
from portal.sandbox.store import Store


@pytest.mark.parametrize(
    ("currency", "amount", "fee"),
    [
        # 2.9 % and 0.30, a half rounded up.
        ("usd", 2_500, 103),
        ("usd", 22_500, 683),
        ("eur", 1, 30),
        # Yen have no hundredths, so 0.30 is less than one; dinars have thousandths.
        ("jpy", 1_000, 29),
        ("kwd", 1_000, 329),
    ],
)
def test_the_fee_is_2_9_percent_and_30_hundredths(currency, amount, fee):
    charge = {"id": "ch_1", "amount_captured": amount, "currency": currency, "description": None}

    moved = charged(Store(seed=1), charge, at=1_789_921_855)

    assert (moved["fee"], moved["net"]) == (fee, amount - fee)
    # Sunday the 20th of September 2026; seven days later at midnight.
    assert moved["available_on"] == 1_790_467_200
