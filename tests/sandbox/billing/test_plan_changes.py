"""Changes of a plan in the middle of a period, by the worked amounts of Stripe's documentation.

https://docs.stripe.com/billing/subscriptions/prorations
"""

from typing import Any

import pytest

from tests.sandbox.billing.changes import (
    billed,
    change,
    classic,
    item_of,
    latest,
    pending,
    started,
)
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.deductions import coupon

APRIL, ELEVENTH, SIXTEENTH, TWENTY_FIRST, MAY = (
    at(2026, 4, 1),
    at(2026, 4, 11),
    at(2026, 4, 16),
    at(2026, 4, 21),
    at(2026, 5, 1),
)


@pytest.fixture
def company() -> Company:
    return started(APRIL)


def test_half_a_month_more_for_a_dearer_plan_waits_for_the_next_invoice(company: Company) -> None:
    ten, twenty = company.licensed(1_000, "Silver"), company.licensed(2_000, "Gold")
    subscription = company.subscribe(company.customer(), ten)
    item = item_of(company, subscription)

    change(company, subscription, SIXTEENTH, items=[{"id": item["id"], "price": twenty}])

    waiting = [
        ("Unused time on Silver after 16 Apr 2026", -500),
        ("Remaining time on Gold after 16 Apr 2026", 1_000),
    ]
    assert pending(company, subscription) == waiting
    assert latest(company, subscription)["total"] == 1_000
    company.run_to(MAY)
    renewal = latest(company, subscription)
    assert billed(company, renewal) == [*waiting, ("1 × Gold (at $20.00 / month)", 2_000)]
    assert renewal["total"] == 2_500


@pytest.mark.parametrize(("mode", "total"), [({}, 0), (classic(), -334)])
def test_flexible_mode_credits_what_was_debited_and_classic_mode_the_price_of_now(
    company: Company, mode: Any, total: int
) -> None:
    ten, twenty = company.licensed(1_000), company.licensed(2_000)
    subscription = company.subscribe(company.customer(), ten, **mode)
    item = item_of(company, subscription)["id"]
    change(
        company,
        subscription,
        ELEVENTH,
        items=[{"id": item, "price": twenty}],
        proration_behavior="none",
    )
    assert pending(company, subscription) == []

    change(
        company,
        subscription,
        TWENTY_FIRST,
        items=[{"id": item, "price": ten}],
        proration_behavior="always_invoice",
    )

    invoice = latest(company, subscription)
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_update", "paid")
    assert invoice["total"] == total
    assert [line["amount"] for line in company.lines(invoice)][1] == 333


def test_a_credit_names_the_debited_line_also_when_that_still_waited(company: Company) -> None:
    ten, twenty = company.licensed(1_000), company.licensed(2_000)
    subscription = company.subscribe(company.customer(), ten)
    first = company.lines(latest(company, subscription))[0]
    item = item_of(company, subscription)["id"]
    change(company, subscription, ELEVENTH, items=[{"id": item, "price": twenty}])

    change(
        company,
        subscription,
        TWENTY_FIRST,
        items=[{"id": item, "price": ten}],
        proration_behavior="always_invoice",
    )

    invoice = latest(company, subscription)
    lines = company.lines(invoice)
    credited = [_credited(line) for line in lines]
    assert [line["amount"] for line in lines] == [-667, 333, -667, 1_333]
    assert credited == [
        {"invoice": invoice["id"], "invoice_line_items": [lines[3]["id"]]},
        None,
        {"invoice": first["invoice"], "invoice_line_items": [first["id"]]},
        None,
    ]


def _credited(line: dict[str, Any]) -> Any:
    return line["parent"]["subscription_item_details"]["proration_details"]["credited_items"]


def test_a_change_from_before_an_earlier_one_credits_that_one_too(company: Company) -> None:
    ten, twenty = company.licensed(1_000, "Silver"), company.licensed(2_000, "Gold")
    subscription = company.subscribe(company.customer(), ten)
    item = item_of(company, subscription)["id"]
    always = {"proration_behavior": "always_invoice"}
    change(company, subscription, ELEVENTH, items=[{"id": item, "price": twenty}], **always)

    back = [{"id": item, "price": ten}]
    change(company, subscription, TWENTY_FIRST, items=back, proration_date=APRIL, **always)

    assert billed(company, latest(company, subscription)) == [
        ("Unused time on Silver after 01 Apr 2026", -333),
        ("Unused time on Gold after 11 Apr 2026", -1_333),
        ("Remaining time on Silver after 01 Apr 2026", 1_000),
    ]
    totals = [
        invoice["total"]
        for invoice in company.invoices(company.get("customer", subscription["customer"]))
    ]
    assert sum(totals) == 1_000


def test_a_proration_names_the_discounts_that_its_amount_is_net_of(company: Company) -> None:
    # https://docs.stripe.com/changelog/clover/2025-09-30/itemize-proration-discount-amounts
    plan = company.licensed(1_000, "Gold")
    subscription = company.subscribe(company.customer(), company.licensed(1_000, "Silver"))
    tenth, two = coupon(company, percent_off=10), coupon(company, amount_off=200)
    first = item_of(company, subscription)["id"]
    replaced = [
        {"id": first, "deleted": True},
        {"price": plan, "discounts": [{"coupon": tenth}]},
    ]
    change(
        company,
        subscription,
        APRIL,
        items=replaced,
        discounts=[{"coupon": two}],
        proration_behavior="always_invoice",
    )

    invoice = latest(company, subscription)
    [debit] = [line for line in company.lines(invoice) if line["amount"] > 0]
    [item] = company.store.every("invoiceitem", amount=700)
    [of_item, of_all] = item["proration_details"]["discount_amounts"]
    assert (of_item["amount"], of_all["amount"]) == (0, 0)
    assert debit["amount"] == 700
    assert debit["discount_amounts"] == [{"amount": 0, "discount": of_all["discount"]}]
    assert invoice["total_discount_amounts"] == []
