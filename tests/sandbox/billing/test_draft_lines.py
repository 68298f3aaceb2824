"""What is added by hand to the draft that a billing cycle has made."""

import pytest

from portal.sandbox.billing.balance import move_balance
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.invoice_actions import finalize_invoice, void_invoice
from portal.sandbox.resources.invoice_lines import add_lines, update_line
from portal.sandbox.resources.invoiceitems import create_invoice_item
from portal.sandbox.resources.invoices import create_invoice, delete_invoice, update_invoice
from tests.sandbox.billing.company import Company, at

START, MONTH_END = at(2026, 1, 1), at(2026, 2, 1)


@pytest.fixture
def company():
    return Company()


@pytest.fixture
def draft(company):
    """A cycle's draft with ten requests of half a cent on it, open for late usage."""
    customer = company.customer()
    company.subscribe(customer, company.metered(company.meter()))
    company.use(customer, 10)
    company.run_to(MONTH_END)
    return company.invoices(customer)[-1]


def add(company, draft, amount=1000, **asked):
    return add_lines(company.call(lines=[{"amount": amount, **asked}]), draft["id"])


def test_a_line_that_was_added_survives_late_usage(company, draft):
    add(company, draft, description="Help")

    company.use({"id": draft["customer"]}, 990, MONTH_END - 1)
    company.run_to(MONTH_END + 10)

    current = company.get("invoice", draft["id"])
    assert [line["amount"] for line in company.lines(current)] == [1000, 500]
    assert current["total"] == 1500


def test_the_cycle_finalises_and_collects_what_was_added(company, draft):
    add(company, draft, description="Help")

    company.run_to(MONTH_END + 3600)

    paid = company.get("invoice", draft["id"])
    assert (paid["status"], paid["amount_paid"]) == ("paid", 1005)


def test_the_newest_item_comes_first(company, draft):
    add(company, draft, 100)
    company.run_to(MONTH_END + 60)
    add(company, draft, 200)

    assert [line["amount"] for line in company.lines(draft)] == [200, 100, 5]


def test_what_the_subscription_charges_cannot_be_changed_by_hand(company, draft):
    [line] = company.lines(draft)

    with pytest.raises(NotSupported):
        update_line(company.call(amount=1), draft["id"], line["id"])
    with pytest.raises(Refused, match="created by subscriptions"):
        delete_invoice(company.call(), draft["id"])


def test_an_event_says_what_an_addition_changed(company, draft):
    add(company, draft, description="Help")

    event = company.store.every("event", type="invoice.updated")[0]
    assert event["data"]["previous_attributes"]["total"] == 5
    assert event["data"]["object"]["total"] == 1005


def test_a_subscriptions_pending_item_is_left_for_its_own_invoice(company):
    customer = company.customer()
    first, second = (company.subscribe(customer, company.licensed(100)) for _ in range(2))
    for subscription in (first, second):
        create_invoice_item(
            company.call(amount=700, currency="usd", subscription=subscription["id"])
        )

    company.run_to(MONTH_END)
    invoices = [one for one in company.invoices(customer) if one["status"] == "draft"]

    assert [one["total"] for one in invoices] == [800, 800]


def test_a_voided_invoice_gives_the_balance_back(company):
    customer = company.customer()
    move_balance(company.store, customer["id"], "usd", -300, "adjustment", START)
    create_invoice_item(company.call(customer=customer["id"], amount=1000, currency="usd"))
    draft = create_invoice(
        company.call(customer=customer["id"], pending_invoice_items_behavior="include")
    )

    opened = finalize_invoice(company.call(), draft["id"])
    used = company.get("customer", customer["id"])["balance"]
    void_invoice(company.call(), draft["id"])

    assert (opened["starting_balance"], opened["amount_due"], used) == (-300, 700, 0)
    assert company.get("customer", customer["id"])["balance"] == -300


def test_an_automatic_draft_waits_for_its_hour(company):
    customer = company.customer()
    create_invoice_item(company.call(customer=customer["id"], amount=1000, currency="usd"))
    draft = create_invoice(
        company.call(
            customer=customer["id"], pending_invoice_items_behavior="include", auto_advance=True
        )
    )
    start = draft["created"]

    company.run_to(start + 3600)
    assert company.get("invoice", draft["id"])["status"] == "draft"
    company.run_to(start + 3601)
    assert company.get("invoice", draft["id"])["status"] == "paid"


def test_a_draft_that_does_not_advance_waits_for_ever(company):
    customer = company.customer()
    draft = create_invoice(company.call(customer=customer["id"], auto_advance=True))

    update_invoice(company.call(auto_advance=False), draft["id"])
    company.run_to(draft["created"] + 10 * 86400)

    assert company.get("invoice", draft["id"])["status"] == "draft"


def test_a_final_invoice_that_advances_is_tried_an_hour_later(company):
    customer = company.customer()
    create_invoice_item(company.call(customer=customer["id"], amount=1000, currency="usd"))
    draft = create_invoice(
        company.call(customer=customer["id"], pending_invoice_items_behavior="include")
    )

    opened = finalize_invoice(company.call(auto_advance=True), draft["id"])
    company.run_to(opened["created"] + 3600)

    assert opened["next_payment_attempt"] == opened["created"] + 3600
    assert company.get("invoice", draft["id"])["status"] == "paid"
