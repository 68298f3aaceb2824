"""However a plan changes, every second is paid for once, at the price that it was used at."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.sandbox.billing.periods import period_holding
from tests.sandbox.billing.changes import change, item_of, started
from tests.sandbox.billing.company import Company, at

START, DAY = at(2026, 1, 31, 9, 30), 24 * 3600
AMOUNTS = (999, 2_500, 33_333)
INTERVALS = ({"interval": "month"}, {"interval": "year"}, {"interval": "week"})

steps = st.lists(
    st.fixed_dictionaries(
        {
            "after": st.integers(1, 12 * DAY),
            "price": st.integers(0, 5),
            "quantity": st.integers(0, 4),
            "behavior": st.sampled_from(["create_prorations", "always_invoice"]),
            "anchors": st.booleans(),
        }
    ),
    min_size=1,
    max_size=5,
)


def prices(company: Company, mode: str) -> list[str]:
    """Monthly ones, and in flexible mode annual ones too."""
    other = INTERVALS[1] if mode == "flexible" else INTERVALS[0]
    monthly = [company.licensed(amount, **INTERVALS[0]) for amount in AMOUNTS]
    return [*monthly, *(company.licensed(10 * amount, **other) for amount in AMOUNTS)]


def rate_of(company: Company, subscription: Any, moment: int) -> Fraction:
    """What a second of the subscription costs at a moment."""
    item = item_of(company, subscription)
    price = company.get("price", item["price"])
    anchor = company.get("subscription", subscription["id"])["billing_cycle_anchor"]
    start, end = period_holding(anchor, price["recurring"], moment)
    return Fraction(price["unit_amount"] * item["quantity"], end - start)


def paid_until(company: Company, subscription: Any, moment: int) -> tuple[Fraction, int]:
    """What is charged for the time before the moment by everything so far, and by how many lines.

    Each line's amount is taken to be spread over its time evenly.
    """
    lines = [
        (line["amount"], line["period"])
        for invoice in company.invoices({"id": subscription["customer"]})
        for line in company.lines(invoice)
    ]
    waiting = company.store.every("invoiceitem", customer=subscription["customer"], invoice=None)
    lines += [(item["amount"], item["period"]) for item in waiting]
    paid = Fraction(0)
    for amount, period in lines:
        start, end = period["start"], period["end"]
        if start < end:
            paid += Fraction(amount * (min(end, max(start, moment)) - start), end - start)
    return paid, len(lines)


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_what_is_charged_for_the_past_is_what_was_used(mode: str) -> None:
    @given(steps)
    @settings(max_examples=60, deadline=None)
    def hold(drawn: list[dict[str, Any]]) -> None:
        company = started(START)
        offer = prices(company, mode)
        customer = company.customer()
        subscription = company.subscribe(customer, offer[1], billing_mode={"type": mode})
        used, since = Fraction(0), START
        for step in drawn:
            moment = since + step["after"]
            # The price and its period may both change at the end of a period on the way.
            while since < moment:
                rate = rate_of(company, subscription, since)
                until = min(moment, item_of(company, subscription)["current_period_end"])
                used += rate * (until - since)
                since = until
                company.run_to(since)
            item = {"id": item_of(company, subscription)["id"], "quantity": step["quantity"]}
            asked: dict[str, Any] = {"items": [item | {"price": offer[step["price"]]}]}
            if step["anchors"]:
                asked["billing_cycle_anchor"] = {"type": "now"}
            change(company, subscription, moment, **asked, proration_behavior=step["behavior"])
            paid, lines = paid_until(company, subscription, moment)
            # Each line is rounded once, to half a cent.
            assert abs(paid - used) <= Fraction(lines, 2)

    hold()
