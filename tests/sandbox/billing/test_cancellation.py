from typing import Any

import pytest

from portal.clock import from_epoch
from portal.sandbox.billing.cancellation import cancel_subscription
from portal.sandbox.resources.customers import remove
from portal.sandbox.resources.subscription_updates import update_subscription
from tests.sandbox.billing.company import Company, at

JANUARY, HALF = at(2026, 1, 1), at(2026, 1, 16)


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(JANUARY))


def test_cancelling_at_once_drops_usage_that_was_not_invoiced(company: Company) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.metered(company.meter()))
    company.use(customer, 200)

    ended = cancel_subscription(
        company.store, company.ledger, subscription, invoice_now=False, prorate=False
    )

    assert (ended["status"], ended["ended_at"]) == ("canceled", JANUARY)
    assert ended["cancellation_details"]["reason"] == "cancellation_requested"
    company.run_to(at(2026, 6, 1))
    assert company.invoices(customer) == []


def test_cancelling_at_once_takes_the_end_that_was_scheduled_with_it(company: Company) -> None:
    subscription = company.subscribe(company.customer(), company.licensed())
    scheduled = update_subscription(company.call(cancel_at_period_end=True), subscription["id"])
    assert scheduled["cancel_at"] is not None

    ended = cancel_subscription(
        company.store, company.ledger, scheduled, invoice_now=False, prorate=False
    )

    assert (ended["cancel_at"], ended["cancel_at_period_end"]) == (None, False)
    assert (ended["canceled_at"], ended["ended_at"]) == (JANUARY, JANUARY)


def test_cancelling_with_an_invoice_bills_the_usage_so_far(company: Company) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.metered(company.meter()))
    company.run_to(HALF)
    company.use(customer, 150, HALF - 1)
    company.use(customer, 50, HALF)

    ended = cancel_subscription(
        company.store, company.ledger, subscription, invoice_now=True, prorate=False
    )

    (invoice,) = company.invoices(customer)
    assert (invoice["status"], invoice["total"]) == ("paid", 100)
    assert company.lines(invoice)[0]["period"] == {"start": JANUARY, "end": HALF}
    assert ended["latest_invoice"] == invoice["id"]


def test_a_draft_of_a_cancelled_subscription_is_never_finalised(company: Company) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed())
    company.run_to(at(2026, 2, 1))
    current = company.get("subscription", subscription["id"])

    cancel_subscription(company.store, company.ledger, current, invoice_now=False, prorate=False)
    company.run_to(at(2026, 6, 1))

    draft = company.invoices(customer)[-1]
    assert (draft["status"], draft["auto_advance"]) == ("draft", False)


def test_the_last_draft_of_a_deleted_customer_is_never_finalised(company: Company) -> None:
    customer = company.customer()
    company.subscribe(
        customer, company.licensed(), company.metered(company.meter()), cancel_at_period_end=True
    )
    company.run_to(at(2026, 2, 1))

    remove(company.call(), customer)
    company.run_to(at(2026, 6, 1))

    assert company.invoices(customer)[-1]["status"] == "draft"
    assert company.get("customer", customer["id"]).keys() == {"id", "object", "deleted"}


@pytest.mark.parametrize(
    ("invoice_now", "prorate", "billed", "waiting"),
    [
        (True, True, [-24_950], []),
        (False, True, None, [-24_950]),
        (True, False, None, []),
        (False, False, None, []),
    ],
)
def test_unused_time_is_credited_on_request_on_the_last_invoice_or_pending(
    company: Company, invoice_now: bool, prorate: bool, billed: Any, waiting: list[int]
) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed(49_900))
    company.run_to(at(2026, 1, 16, 12))

    cancel_subscription(
        company.store, company.ledger, subscription, invoice_now=invoice_now, prorate=prorate
    )

    last = company.invoices(customer)[1:]
    amounts = [line["amount"] for invoice in last for line in company.lines(invoice)]
    assert amounts == (billed or [])
    left = company.store.every("invoiceitem", customer=customer["id"], invoice=None)
    assert [item["amount"] for item in left] == waiting
    assert company.get("customer", customer["id"])["balance"] == sum(billed or [])


@pytest.mark.parametrize("invoice_now", [True, False])
def test_prorations_that_wait_are_billed_with_the_last_invoice_or_dropped(
    company: Company, invoice_now: bool
) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed(1_000))
    item = company.store.every("subscription_item")[0]["id"]
    company.run_to(at(2026, 1, 16, 12))
    update_subscription(company.call(items=[{"id": item, "quantity": 3}]), subscription["id"])

    cancel_subscription(
        company.store, company.ledger, subscription, invoice_now=invoice_now, prorate=False
    )

    assert company.store.every("invoiceitem", customer=customer["id"], invoice=None) == []
    totals = [invoice["total"] for invoice in company.invoices(customer)]
    assert totals == ([1_000, 1_000] if invoice_now else [1_000])
