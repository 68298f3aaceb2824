from datetime import timedelta
from typing import Any

import pytest

from portal.clock import from_epoch
from portal.sandbox.billing.cycles import advance
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.subscription_updates import update_subscription
from portal.sandbox.resources.test_clocks import create_test_clock
from tests.sandbox.billing.company import Company, at

JANUARY, FEBRUARY, MARCH = at(2026, 1, 1), at(2026, 2, 1), at(2026, 3, 1)
GRACE = 3600


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(JANUARY))


def test_the_first_invoice_bills_the_plan_in_advance_and_is_paid_at_once(company: Company) -> None:
    customer = company.customer()

    subscription = company.subscribe(customer, company.licensed(49_900))

    (invoice,) = company.invoices(customer)
    assert (invoice["status"], invoice["billing_reason"]) == ("paid", "subscription_create")
    assert (invoice["total"], invoice["amount_paid"], invoice["amount_remaining"]) == (
        49_900,
        49_900,
        0,
    )
    assert invoice["number"] == f"{customer['invoice_prefix']}-0001"
    assert (invoice["period_start"], invoice["period_end"]) == (JANUARY, JANUARY)
    (line,) = company.lines(invoice)
    assert line["description"] == "1 × Scale plan (at $499.00 / month)"
    assert line["period"] == {"start": JANUARY, "end": FEBRUARY}
    assert subscription["status"] == "active"
    assert subscription["latest_invoice"] == invoice["id"]


def test_usage_alone_makes_no_first_invoice(company: Company) -> None:
    customer = company.customer(card=None)

    subscription = company.subscribe(customer, company.metered(company.meter()))

    assert company.invoices(customer) == []
    assert (subscription["status"], subscription["latest_invoice"]) == ("active", None)


def test_a_plan_without_a_card_is_refused(company: Company) -> None:
    customer = company.customer(card=None)

    with pytest.raises(Refused, match="no attached payment source") as refused:
        company.subscribe(customer, company.licensed())

    assert (refused.value.status, refused.value.fields["code"]) == (400, "resource_missing")


def test_a_free_plan_needs_no_card_and_is_paid_with_nothing(company: Company) -> None:
    customer = company.customer(card=None)

    subscription = company.subscribe(customer, company.licensed(0))

    (invoice,) = company.invoices(customer)
    assert subscription["status"] == "active"
    assert (invoice["status"], invoice["total"], invoice["attempt_count"]) == ("paid", 0, 0)


def test_a_declined_first_payment_leaves_the_subscription_incomplete(company: Company) -> None:
    customer = company.customer("pm_card_chargeCustomerFail")

    subscription = company.subscribe(customer, company.licensed())

    (invoice,) = company.invoices(customer)
    assert subscription["status"] == "incomplete"
    assert (invoice["status"], invoice["attempt_count"]) == ("open", 1)
    company.run_to(MARCH)
    assert len(company.invoices(customer)) == 1


def test_a_card_that_needs_its_owner_is_no_attempt_yet(company: Company) -> None:
    customer = company.customer("pm_card_authenticationRequired")

    subscription = company.subscribe(customer, company.licensed())

    (invoice,) = company.invoices(customer)
    assert subscription["status"] == "incomplete"
    assert (invoice["status"], invoice["attempted"], invoice["attempt_count"]) == ("open", True, 0)
    assert "invoice.payment_action_required" in company.events()


def test_a_renewal_bills_usage_of_the_past_period_and_the_plan_of_the_next(
    company: Company,
) -> None:
    customer = company.customer()
    usage, plan = company.metered(company.meter()), company.licensed(49_900)
    subscription = company.subscribe(customer, usage, plan)
    company.use(customer, 1_001, JANUARY)

    company.run_to(FEBRUARY)

    draft = company.invoices(customer)[-1]
    assert (draft["status"], draft["billing_reason"]) == ("draft", "subscription_cycle")
    assert (draft["number"], draft["hosted_invoice_url"]) == (None, None)
    assert (draft["period_start"], draft["period_end"]) == (JANUARY, FEBRUARY)
    assert draft["created"] == FEBRUARY
    assert draft["automatically_finalizes_at"] == FEBRUARY + GRACE
    assert [
        (line["description"], line["amount"], line["period"]) for line in company.lines(draft)
    ] == [
        ("1 × Scale plan (at $499.00 / month)", 49_900, {"start": FEBRUARY, "end": MARCH}),
        (
            "1001 request × API requests (at $0.005 / month)",
            501,
            {"start": JANUARY, "end": FEBRUARY},
        ),
    ]
    assert company.get("subscription", subscription["id"])["latest_invoice"] == draft["id"]
    for item in company.store.every("subscription_item", subscription=subscription["id"]):
        assert (item["current_period_start"], item["current_period_end"]) == (FEBRUARY, MARCH)


def test_late_usage_inside_the_period_counts_until_the_grace_is_over(company: Company) -> None:
    customer = company.customer()
    company.subscribe(customer, company.metered(company.meter()))
    company.run_to(FEBRUARY + 60)
    company.use(customer, 200, FEBRUARY - 1)
    company.use(customer, 999_999, FEBRUARY)
    company.run_to(FEBRUARY + 120)
    refreshed = company.invoices(customer)[-1]
    company.use(customer, 400, FEBRUARY - 1)
    company.run_to(FEBRUARY + GRACE)
    company.use(customer, 800, FEBRUARY - 1)
    company.run_to(FEBRUARY + GRACE + 60)

    final = company.invoices(customer)[-1]
    assert (refreshed["status"], refreshed["total"]) == ("draft", 100)
    assert (final["status"], final["total"]) == ("paid", 300)


def test_the_grace_can_be_made_longer() -> None:
    company = Company(from_epoch(JANUARY), grace=timedelta(hours=72))
    customer = company.customer()
    company.subscribe(customer, company.metered(company.meter()))

    company.run_to(FEBRUARY + 72 * 3600 - 1)
    before = company.invoices(customer)[-1]["status"]
    company.run_to(FEBRUARY + 72 * 3600)

    assert (before, company.invoices(customer)[-1]["status"]) == ("draft", "paid")


def test_a_period_without_usage_still_has_its_metered_line(company: Company) -> None:
    customer = company.customer()
    company.subscribe(customer, company.metered(company.meter()))

    company.run_to(FEBRUARY + GRACE)

    (invoice,) = company.invoices(customer)
    assert (invoice["status"], invoice["total"], invoice["attempted"]) == ("paid", 0, True)
    assert [(line["quantity"], line["amount"]) for line in company.lines(invoice)] == [(0, 0)]


def test_lines_grow_with_the_tiers_that_late_usage_reaches(company: Company) -> None:
    customer = company.customer()
    tiers = [{"up_to": 10, "unit_amount": 0}, {"up_to": "inf", "unit_amount": 5}]
    price = company.metered(
        company.meter(), billing_scheme="tiered", tiers_mode="graduated", tiers=tiers
    )
    company.subscribe(customer, price)
    company.use(customer, 4)
    company.run_to(FEBRUARY)
    (draft,) = company.invoices(customer)
    (only,) = company.lines(draft)
    company.use(customer, 8, FEBRUARY - 5)

    company.run_to(FEBRUARY + GRACE)

    lines = company.lines(draft)
    assert [line["description"] for line in lines] == [
        "10 request × API requests (Tier 1 at $0.00 / month)",
        "2 request × API requests (Tier 2 at $0.05 / month)",
    ]
    assert lines[0]["id"] == only["id"]
    assert company.get("invoice", draft["id"])["total"] == 10


def test_a_failed_renewal_leaves_the_invoice_open_and_the_subscription_past_due(
    company: Company,
) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed())
    company.give_card(customer["id"], "pm_card_chargeCustomerFail")

    company.run_to(FEBRUARY + GRACE)

    invoice = company.invoices(customer)[-1]
    assert (invoice["status"], invoice["amount_remaining"]) == ("open", 49_900)
    assert company.get("subscription", subscription["id"])["status"] == "past_due"
    assert company.events()[-2:] == ["invoice.payment_failed", "customer.subscription.updated"]


def test_a_working_card_brings_a_past_due_subscription_back(company: Company) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed())
    company.give_card(customer["id"], "pm_card_chargeCustomerFail")
    company.run_to(FEBRUARY + GRACE)
    company.give_card(customer["id"], "pm_card_visa")

    company.run_to(MARCH + GRACE)

    assert company.get("subscription", subscription["id"])["status"] == "active"


def test_an_invoice_that_is_sent_is_a_draft_for_an_hour_and_waits_for_its_due_date(
    company: Company,
) -> None:
    customer = company.customer(card=None)

    subscription = company.subscribe(
        customer, company.licensed(), collection_method="send_invoice", days_until_due=30
    )

    (draft,) = company.invoices(customer)
    assert (draft["status"], draft["next_payment_attempt"]) == ("draft", None)
    assert draft["automatically_finalizes_at"] == JANUARY + GRACE
    assert subscription["status"] == "active"
    company.run_to(JANUARY + GRACE)
    (invoice,) = company.invoices(customer)
    assert invoice["status"] == "open"
    assert invoice["due_date"] == JANUARY + GRACE + 30 * 86_400


def test_events_come_in_stripes_order(company: Company) -> None:
    customer = company.customer()
    company.subscribe(customer, company.licensed())
    known = len(company.events())

    company.run_to(FEBRUARY + GRACE)

    assert company.events()[known:] == [
        "invoice.created",
        "customer.subscription.updated",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]


def test_the_update_of_a_renewal_tells_what_it_was_before(company: Company) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed())

    company.run_to(FEBRUARY)

    event = company.store.every("event", type="customer.subscription.updated")[0]
    previous = event["data"]["previous_attributes"]
    assert set(previous) == {"items", "latest_invoice"}
    assert previous["latest_invoice"] == subscription["latest_invoice"]
    assert previous["items"]["data"][0]["current_period_end"] == FEBRUARY


def test_everything_missed_is_caught_up_as_of_its_own_moment(company: Company) -> None:
    customer = company.customer()
    company.subscribe(customer, company.licensed())

    company.run_to(at(2026, 7, 1, 12))

    invoices = company.invoices(customer)
    assert [invoice["created"] for invoice in invoices] == [
        at(2026, month, 1) for month in range(1, 8)
    ]
    assert [invoice["number"][-4:] for invoice in invoices] == [f"000{n}" for n in range(1, 8)]
    assert {invoice["status"] for invoice in invoices} == {"paid"}


def test_a_subscription_of_the_31st_is_billed_on_the_last_days() -> None:
    company = Company(from_epoch(at(2026, 1, 31, 12)))
    customer = company.customer()
    company.subscribe(customer, company.licensed())

    company.run_to(at(2026, 5, 1))

    assert [invoice["created"] for invoice in company.invoices(customer)] == [
        at(2026, 1, 31, 12),
        at(2026, 2, 28, 12),
        at(2026, 3, 31, 12),
        at(2026, 4, 30, 12),
    ]


def test_items_of_different_intervals_are_billed_when_their_own_period_ends(
    company: Company,
) -> None:
    customer = company.customer()
    company.subscribe(
        customer, company.licensed(100), company.licensed(1_000, "Year plan", interval="year")
    )

    company.run_to(at(2027, 1, 1))

    totals = [invoice["total"] for invoice in company.invoices(customer)]
    assert totals == [1_100] + [100] * 11 + [1_100]


def test_a_subscription_set_to_end_bills_its_last_usage_and_is_over(company: Company) -> None:
    customer = company.customer()
    usage = company.metered(company.meter())
    subscription = company.subscribe(customer, usage, company.licensed())
    update_subscription(company.call(cancel_at_period_end=True), subscription["id"])
    company.use(customer, 200)

    company.run_to(MARCH)

    ended = company.get("subscription", subscription["id"])
    assert (ended["status"], ended["ended_at"], ended["canceled_at"]) == (
        "canceled",
        FEBRUARY,
        JANUARY,
    )
    last = company.invoices(customer)[-1]
    assert (len(company.invoices(customer)), last["total"], last["status"]) == (2, 100, "paid")
    assert company.events().count("customer.subscription.deleted") == 1


def test_a_plan_set_to_end_has_no_further_invoice(company: Company) -> None:
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed())
    update_subscription(company.call(cancel_at_period_end=True), subscription["id"])

    company.run_to(MARCH)

    assert len(company.invoices(customer)) == 1


def test_a_test_clock_moves_its_own_customers_only(company: Company) -> None:
    clock = create_test_clock(company.call(frozen_time=JANUARY))
    on_clock, elsewhere = company.customer(test_clock=clock["id"]), company.customer()
    price = company.licensed()
    for customer in (on_clock, elsewhere):
        company.subscribe(customer, price)

    advance(company.store, company.ledger, clock, MARCH)

    moments = [invoice["created"] for invoice in company.invoices(on_clock)]
    assert moments == [JANUARY, FEBRUARY, MARCH]
    assert len(company.invoices(elsewhere)) == 1
    moved = company.get("test_helpers.test_clock", clock["id"])
    assert moved["frozen_time"] == MARCH


def test_what_happens_on_a_test_clock_is_dated_by_it(company: Company) -> None:
    clock = create_test_clock(company.call(frozen_time=JANUARY))
    customer = company.customer(test_clock=clock["id"])
    company.subscribe(customer, company.licensed())

    advance(company.store, company.ledger, clock, FEBRUARY + 2 * GRACE)

    paid: list[Any] = company.store.every("event", type="invoice.paid")
    assert paid[0]["created"] == FEBRUARY + GRACE
