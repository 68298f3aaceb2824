"""Pausing: what a pause credits and bills, how one resumes, and collection that is paused."""

from datetime import UTC, datetime

import pytest

from portal.sandbox.refusals import Refused
from portal.sandbox.resources.subscription_pauses import migrate, pause, resume
from portal.sandbox.resources.subscription_updates import update_subscription
from tests.sandbox.billing.company import Company, at

DAY, HOUR = 24 * 3600, 3600
JANUARY, FEBRUARY, MARCH = at(2026, 1, 1), at(2026, 2, 1), at(2026, 3, 1)
MIDDLE = JANUARY + 10 * DAY
UNCHANGED = {"type": "unchanged"}


@pytest.fixture
def company():
    return Company(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def customer(company):
    return company.customer()


def changed(company, call, subscription, **params):
    call(company.call(**params), subscription["id"])
    return company.get("subscription", subscription["id"])


def pending(company, customer):
    return [one["amount"] for one in company.store.every("invoiceitem", customer=customer["id"])]


def test_a_pause_credits_unused_time_and_bills_usage_with_the_next_invoice(company, customer):
    metered = company.metered(company.meter())
    subscription = company.subscribe(customer, company.licensed(31_00), metered)
    company.run_to(MIDDLE)
    company.use(customer, 1_000, MIDDLE - HOUR)

    paused = changed(company, pause, subscription)

    assert paused["status"] == "paused"
    assert paused["status_details"] == {
        "paused": {
            "subscription": {"type": "pause_requested"},
            "transitioned_at": MIDDLE,
            "type": "subscription",
        }
    }
    assert sorted(pending(company, customer)) == [-21_00, 5_00]
    company.run_to(MARCH)
    assert len(company.invoices(customer)) == 1


def test_a_pause_may_settle_nothing(company, customer):
    subscription = company.subscribe(customer, company.licensed(31_00))
    company.run_to(MIDDLE)
    nothing = {
        "outstanding_usage_through": {"type": "none"},
        "unused_time_from": {"type": "none"},
    }

    changed(company, pause, subscription, bill_for=nothing)

    assert pending(company, customer) == []


def test_a_pause_may_credit_the_whole_period_and_invoice_it_at_once(company, customer):
    subscription = company.subscribe(customer, company.licensed(31_00))
    company.run_to(MIDDLE)
    whole = {"unused_time_from": {"type": "item_current_period_start"}}

    changed(company, pause, subscription, bill_for=whole, invoicing_behavior="invoice")

    assert [one["total"] for one in company.invoices(customer)] == [31_00, -31_00]
    assert company.get("customer", customer["id"])["balance"] == -31_00


def test_resuming_begins_a_new_period_and_bills_it(company, customer):
    subscription = company.subscribe(customer, company.licensed(31_00))
    company.run_to(MIDDLE)
    changed(company, pause, subscription)
    later = JANUARY + 15 * DAY
    company.run_to(later)

    resumed = changed(company, resume, subscription)

    assert (resumed["status"], resumed["billing_cycle_anchor"]) == ("active", later)
    assert resumed["status_details"] is None
    assert [one["total"] for one in company.invoices(customer)] == [31_00, 31_00 - 21_00]
    assert "customer.subscription.resumed" in company.events()


@pytest.mark.parametrize(
    ("behavior", "invoices", "waiting"),
    [
        ("create_prorations", [31_00], [16_00, -21_00]),
        ("always_invoice", [31_00, 16_00 - 21_00], []),
        ("none", [31_00], [-21_00]),
    ],
)
def test_resuming_with_the_old_anchor_owes_the_rest_of_the_period(
    company, customer, behavior, invoices, waiting
):
    subscription = company.subscribe(customer, company.licensed(31_00))
    company.run_to(MIDDLE)
    changed(company, pause, subscription)
    company.run_to(JANUARY + 15 * DAY)

    resumed = changed(
        company, resume, subscription, billing_cycle_anchor=UNCHANGED, proration_behavior=behavior
    )

    assert resumed["billing_cycle_anchor"] == JANUARY
    assert [one["total"] for one in company.invoices(customer)] == invoices
    items = company.store.every("invoiceitem", customer=customer["id"], invoice=None)
    assert [one["amount"] for one in items] == waiting


def test_resuming_may_wait_for_the_payment(company):
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed(31_00))
    company.run_to(MIDDLE)
    settle = {"unused_time_from": {"type": "none"}}
    changed(company, pause, subscription, bill_for=settle)
    company.give_card(customer["id"], "pm_card_chargeCustomerFail")

    waiting = changed(company, resume, subscription, payment_behavior="resume_on_payment_success")

    assert waiting["status"] == "paused"
    assert company.invoices(customer)[-1]["status"] == "open"
    company.run_to(MIDDLE + 23 * HOUR)
    assert company.invoices(customer)[-1]["status"] == "void"
    assert company.get("subscription", subscription["id"])["status"] == "paused"


def test_resuming_with_a_failing_card_is_past_due(company):
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed(31_00))
    changed(company, pause, subscription, bill_for={"unused_time_from": {"type": "none"}})
    company.give_card(customer["id"], "pm_card_chargeCustomerFail")
    company.run_to(MIDDLE)

    assert changed(company, resume, subscription)["status"] == "past_due"


def test_a_paused_subscription_ends_when_it_is_to_end(company, customer):
    subscription = company.subscribe(customer, company.licensed(), cancel_at=MIDDLE)
    changed(company, pause, subscription)

    company.run_to(MIDDLE)

    assert company.get("subscription", subscription["id"])["status"] == "canceled"


def test_only_what_is_paused_resumes_and_classic_ones_do_not_pause(company, customer):
    flexible = company.subscribe(customer, company.licensed())
    classic = company.subscribe(customer, company.licensed(), billing_mode={"type": "classic"})

    with pytest.raises(Refused, match="not paused"):
        changed(company, resume, flexible)
    with pytest.raises(Refused, match="flexible"):
        changed(company, pause, classic)


def test_a_classic_subscription_migrates_once(company, customer):
    classic = company.subscribe(customer, company.licensed(), billing_mode={"type": "classic"})
    company.run_to(MIDDLE)

    migrated = changed(company, migrate, classic, billing_mode={"type": "flexible"})

    assert migrated["billing_mode"] == {
        "flexible": {"proration_discounts": "included"},
        "type": "flexible",
        "updated_at": MIDDLE,
    }
    with pytest.raises(Refused, match="already"):
        changed(company, migrate, classic, billing_mode={"type": "flexible"})


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")],
)
def test_invoices_are_made_but_not_collected_while_collection_is_paused(
    company, customer, behavior, status
):
    subscription = company.subscribe(customer, company.licensed())

    paused = changed(
        company, update_subscription, subscription, pause_collection={"behavior": behavior}
    )
    company.run_to(FEBRUARY + DAY)

    assert paused["pause_collection"] == {"behavior": behavior, "resumes_at": None}
    assert company.invoices(customer)[-1]["status"] == status
    assert company.get("subscription", subscription["id"])["status"] == "active"


def test_collection_goes_on_when_its_pause_is_over(company, customer):
    subscription = company.subscribe(customer, company.licensed())
    paused = {"behavior": "void", "resumes_at": FEBRUARY + DAY}
    changed(company, update_subscription, subscription, pause_collection=paused)

    company.run_to(MARCH + DAY)

    assert [one["status"] for one in company.invoices(customer)] == ["paid", "void", "paid"]
    assert company.get("subscription", subscription["id"])["pause_collection"] is None


def test_a_pause_of_collection_is_taken_back(company, customer):
    subscription = company.subscribe(customer, company.licensed())
    changed(company, update_subscription, subscription, pause_collection={"behavior": "void"})

    changed(company, update_subscription, subscription, pause_collection="")
    company.run_to(FEBRUARY + DAY)

    assert company.invoices(customer)[-1]["status"] == "paid"
