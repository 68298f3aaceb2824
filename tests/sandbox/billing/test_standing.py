"""What payments make of subscriptions: past due, recovered, given up; updates that wait."""

from datetime import UTC, datetime

import pytest

from portal.sandbox.billing.payment import pay
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_actions import void_invoice
from portal.sandbox.resources.subscription_updates import update_subscription
from tests.sandbox.billing.company import Company, at

DAY, HOUR = 24 * 3600, 3600
JANUARY, FEBRUARY, MARCH = at(2026, 1, 1), at(2026, 2, 1), at(2026, 3, 1)
FAILS, WORKS = "pm_card_chargeCustomerFail", "pm_card_visa"


@pytest.fixture
def company():
    return Company(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def customer(company):
    return company.customer()


def now(company, subscription):
    return company.get("subscription", subscription["id"])


def upgrade(company, subscription, price, **params):
    [item] = company.store.every("subscription_item", subscription=subscription["id"])
    update_subscription(
        company.call(
            items=[{"id": item["id"], "price": price}],
            proration_behavior="always_invoice",
            **params,
        ),
        subscription["id"],
    )
    return now(company, subscription)


def test_a_first_invoice_that_is_paid_later_begins_the_subscription(company):
    customer = company.customer(card=FAILS)
    subscription = company.subscribe(customer, company.licensed())
    company.give_card(customer["id"], WORKS)

    [invoice] = company.invoices(customer)
    pay(company.store, invoice, JANUARY)

    assert now(company, subscription)["status"] == "active"
    company.run_to(FEBRUARY + HOUR)
    assert [one["status"] for one in company.invoices(customer)] == ["paid", "paid"]


def test_a_first_invoice_that_is_voided_ends_it(company):
    customer = company.customer(card=FAILS)
    subscription = company.subscribe(customer, company.licensed())

    void_invoice(company.call(), company.invoices(customer)[0]["id"])

    assert now(company, subscription)["status"] == "incomplete_expired"


def test_a_renewal_that_cannot_be_collected_is_past_due_until_it_is_paid(company, customer):
    subscription = company.subscribe(customer, company.licensed())
    company.give_card(customer["id"], FAILS)
    company.run_to(FEBRUARY + HOUR)
    assert now(company, subscription)["status"] == "past_due"

    company.give_card(customer["id"], WORKS)
    company.run_to(FEBRUARY + HOUR + DAY)

    assert now(company, subscription)["status"] == "active"
    assert company.invoices(customer)[-1]["status"] == "paid"


def test_after_the_last_retry_the_subscription_is_canceled(company, customer):
    subscription = company.subscribe(customer, company.licensed())
    company.give_card(customer["id"], FAILS)

    company.run_to(FEBRUARY + HOUR + 16 * DAY)

    over = now(company, subscription)
    assert (over["status"], over["cancellation_details"]["reason"]) == (
        "canceled", "payment_failed"
    )  # fmt: skip
    assert over["ended_at"] == FEBRUARY + HOUR + 16 * DAY
    last = company.invoices(customer)[-1]
    assert (last["status"], last["auto_advance"], last["attempt_count"]) == ("open", False, 5)


def test_what_was_sent_and_is_not_paid_in_time_is_past_due(company, customer):
    subscription = company.subscribe(
        customer, company.licensed(), collection_method="send_invoice", days_until_due=10
    )

    company.run_to(JANUARY + HOUR + 10 * DAY - 1)
    assert now(company, subscription)["status"] == "active"
    company.run_to(JANUARY + HOUR + 10 * DAY)
    assert now(company, subscription)["status"] == "past_due"

    [invoice] = company.invoices(customer)
    pay(company.store, invoice, JANUARY + 11 * DAY, on_request=True)
    assert now(company, subscription)["status"] == "active"


def test_a_failed_upgrade_stays_and_is_past_due(company, customer):
    subscription = company.subscribe(customer, company.licensed(31_00))
    company.give_card(customer["id"], FAILS)
    price = company.licensed(62_00)

    changed = upgrade(company, subscription, price)

    [item] = company.store.every("subscription_item", subscription=subscription["id"])
    assert (changed["status"], item["price"]) == ("past_due", price)


def test_a_pending_update_waits_for_its_payment(company, customer):
    old, new = company.licensed(31_00), company.licensed(62_00)
    subscription = company.subscribe(customer, old)
    company.give_card(customer["id"], FAILS)
    company.run_to(JANUARY + 10 * DAY)

    held = upgrade(company, subscription, new, payment_behavior="pending_if_incomplete")

    [item] = company.store.every("subscription_item", subscription=subscription["id"])
    assert (held["status"], item["price"]) == ("active", old)
    pending = held["pending_update"]
    assert [one["price"]["id"] for one in pending["subscription_items"]] == [new]
    assert pending["expires_at"] == JANUARY + 10 * DAY + 23 * HOUR
    company.give_card(customer["id"], WORKS)
    pay(company.store, company.invoices(customer)[-1], JANUARY + 10 * DAY)

    applied = now(company, subscription)
    [item] = company.store.every("subscription_item", subscription=subscription["id"])
    assert (applied["pending_update"], item["price"]) == (None, new)
    assert "customer.subscription.pending_update_applied" in company.events()
    company.run_to(FEBRUARY + HOUR)
    assert company.invoices(customer)[-1]["total"] == 62_00


def test_a_pending_update_that_is_not_paid_expires_with_its_invoice(company, customer):
    old, new = company.licensed(31_00), company.licensed(62_00)
    subscription = company.subscribe(customer, old)
    company.give_card(customer["id"], FAILS)
    upgrade(company, subscription, new, payment_behavior="pending_if_incomplete")
    company.give_card(customer["id"], WORKS)

    company.run_to(JANUARY + 23 * HOUR)

    expired = now(company, subscription)
    assert (expired["status"], expired["pending_update"]) == ("active", None)
    assert company.invoices(customer)[-1]["status"] == "void"
    assert "customer.subscription.pending_update_expired" in company.events()
    company.run_to(FEBRUARY + HOUR)
    assert company.invoices(customer)[-1]["total"] == 31_00


def test_an_update_that_is_paid_at_once_does_not_wait(company, customer):
    subscription = company.subscribe(customer, company.licensed(31_00))
    new = company.licensed(62_00)

    changed = upgrade(company, subscription, new, payment_behavior="pending_if_incomplete")

    assert (changed["status"], changed["pending_update"]) == ("active", None)
    assert company.events().count("customer.subscription.updated") == 2


def test_not_everything_can_be_held_back(company, customer):
    subscription = company.subscribe(customer, company.licensed())

    with pytest.raises(Refused) as refused:
        update_subscription(
            company.call(payment_behavior="pending_if_incomplete", description="x"),
            subscription["id"],
        )

    assert refused.value.fields["param"] == "description"
