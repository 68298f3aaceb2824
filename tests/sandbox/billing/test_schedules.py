"""Subscription schedules: phases that come by the clock, and what becomes of schedules."""

from datetime import UTC, datetime

import pytest

from portal.sandbox.refusals import Refused
from portal.sandbox.resources.customers import delete_customer
from portal.sandbox.resources.prices import create_price
from portal.sandbox.resources.products import create_product
from portal.sandbox.resources.subscription_schedules import (
    cancel_schedule,
    create_schedule,
    release_schedule,
)
from portal.sandbox.resources.subscriptions import delete_subscription
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.scheduling import MONTH, lines_of, replan, take_over, then

DAY, HOUR = 24 * 3600, 3600
JANUARY, FEBRUARY, MARCH, APRIL = (at(2026, month, 1) for month in (1, 2, 3, 4))


@pytest.fixture
def company():
    return Company(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def customer(company):
    return company.customer()


def of_kind(company, word):
    return [type for type in company.events() if type == f"subscription_schedule.{word}"]


def test_a_schedule_takes_over_what_a_subscription_is(company, customer):
    price = company.licensed()
    subscription = company.subscribe(customer, price)

    schedule = take_over(company, subscription)

    assert (schedule["status"], schedule["end_behavior"]) == ("active", "release")
    assert schedule["current_phase"] == {"start_date": JANUARY, "end_date": FEBRUARY}
    [phase] = schedule["phases"]
    assert (phase["items"][0]["price"], phase["items"][0]["quantity"]) == (price, 1)
    assert company.get("subscription", subscription["id"])["schedule"] == schedule["id"]


@pytest.mark.parametrize("name", ["phases", "end_behavior", "start_date"])
def test_taking_over_takes_nothing_else(company, customer, name):
    subscription = company.subscribe(customer, company.licensed())

    with pytest.raises(Refused, match=f"You cannot set `{name}` if `from_subscription` is set"):
        take_over(company, subscription, **{name: []})


def test_a_subscription_has_at_most_one_schedule(company, customer):
    subscription = company.subscribe(customer, company.licensed())
    take_over(company, subscription)

    with pytest.raises(Refused, match="already attached to a schedule"):
        take_over(company, subscription)


def test_a_downgrade_at_the_end_of_the_period_is_on_its_invoice(company, customer):
    high, low = company.licensed(500_00, "Scale"), company.licensed(100_00, "Basic")
    subscription = company.subscribe(customer, high)
    schedule = then(company, take_over(company, subscription), low)

    company.run_to(FEBRUARY + HOUR)

    invoice = company.invoices(customer)[-1]
    assert lines_of(company, invoice) == [("1 × Basic (at $100.00 / month)", 100_00)]
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_cycle", "paid")
    now = company.get("subscription_schedule", schedule["id"])
    assert now["current_phase"] == {"start_date": FEBRUARY, "end_date": MARCH}


def test_the_usage_of_the_old_plan_is_billed_with_the_last_period(company, customer):
    meter = company.meter()
    first, second = company.metered(meter), company.metered(meter, unit_amount=2)
    subscription = company.subscribe(customer, first)
    then(company, take_over(company, subscription), second)

    company.run_to(JANUARY + 20 * DAY)
    company.use(customer, 1_000)
    company.run_to(FEBRUARY + 10 * DAY)
    company.use(customer, 10)
    company.run_to(MARCH + HOUR)

    assert [invoice["total"] for invoice in company.invoices(customer)] == [5_00, 20]


def test_after_its_last_phase_a_schedule_lets_go(company, customer):
    subscription = company.subscribe(customer, company.licensed(500_00))
    schedule = then(company, take_over(company, subscription), company.licensed(100_00))

    company.run_to(APRIL + HOUR)

    over = company.get("subscription_schedule", schedule["id"])
    assert (over["status"], over["completed_at"], over["current_phase"]) == (
        "completed",
        MARCH,
        None,
    )
    current = company.get("subscription", subscription["id"])
    assert (current["schedule"], current["status"]) == (None, "active")
    assert [one["total"] for one in company.invoices(customer)] == [500_00, 100_00, 100_00, 100_00]
    assert of_kind(company, "completed")


def test_a_schedule_can_cancel_at_its_end(company, customer):
    subscription = company.subscribe(customer, company.licensed(100_00))
    schedule = take_over(company, subscription)

    replan(company, schedule, end_behavior="cancel")

    assert company.get("subscription", subscription["id"])["cancel_at"] == FEBRUARY
    company.run_to(FEBRUARY)
    assert company.get("subscription", subscription["id"])["status"] == "canceled"
    assert company.get("subscription_schedule", schedule["id"])["status"] == "completed"


def test_a_released_subscription_goes_on_as_it_is(company, customer):
    subscription = company.subscribe(customer, company.licensed(500_00))
    schedule = then(company, take_over(company, subscription), company.licensed(100_00))

    release_schedule(company.call(), schedule["id"])
    company.run_to(FEBRUARY + HOUR)

    released = company.get("subscription_schedule", schedule["id"])
    assert (released["status"], released["subscription"]) == ("released", None)
    assert released["released_subscription"] == subscription["id"]
    assert company.invoices(customer)[-1]["total"] == 500_00
    with pytest.raises(Refused, match="released"):
        release_schedule(company.call(), schedule["id"])


def test_canceling_a_schedule_ends_its_subscription_with_a_credit(company, customer):
    subscription = company.subscribe(customer, company.licensed(31_00))
    schedule = take_over(company, subscription)
    company.run_to(JANUARY + 10 * DAY)

    cancel_schedule(company.call(), schedule["id"])

    assert company.get("subscription", subscription["id"])["status"] == "canceled"
    assert company.get("subscription_schedule", schedule["id"])["status"] == "canceled"
    assert company.invoices(customer)[-1]["total"] == -21_00


def test_the_schedule_of_a_canceled_subscription_is_canceled(company, customer):
    subscription = company.subscribe(customer, company.licensed())
    schedule = take_over(company, subscription)

    delete_subscription(company.call(), subscription["id"])

    assert company.get("subscription_schedule", schedule["id"])["status"] == "canceled"


def test_a_schedule_starts_its_subscription_later(company, customer):
    price = company.licensed(100_00)
    made = create_schedule(
        company.call(
            customer=customer["id"],
            start_date=FEBRUARY,
            phases=[{"items": [{"price": price}], "duration": MONTH | {"interval_count": 3}}],
        )
    )

    assert (made["status"], made["subscription"], company.invoices(customer)) == (
        "not_started", None, []
    )  # fmt: skip
    company.run_to(FEBRUARY)
    schedule = company.get("subscription_schedule", made["id"])
    [subscription] = company.store.every("subscription", customer=customer["id"])
    assert (schedule["status"], schedule["subscription"]) == ("active", subscription["id"])
    assert (subscription["status"], subscription["schedule"]) == ("active", schedule["id"])
    assert schedule["phases"][0]["end_date"] == at(2026, 5, 1)
    company.run_to(at(2026, 4, 24))
    assert of_kind(company, "expiring")


def test_a_schedule_starts_now_and_changes_plans_by_itself(company, customer):
    first, second = company.licensed(100_00, "Basic"), company.licensed(200_00, "Scale")
    phases = [
        {"items": [{"price": first}], "duration": MONTH},
        {"items": [{"price": second, "quantity": 2}], "duration": MONTH},
    ]
    create_schedule(company.call(customer=customer["id"], start_date="now", phases=phases))

    company.run_to(FEBRUARY + HOUR)

    assert [one["total"] for one in company.invoices(customer)] == [100_00, 400_00]


def test_the_first_invoice_of_a_schedule_is_a_draft_and_is_tried_again(company, customer):
    company.give_card(customer["id"], "pm_card_chargeCustomerFail")
    phases = [{"items": [{"price": company.licensed(100_00)}], "duration": MONTH}]
    create_schedule(company.call(customer=customer["id"], start_date="now", phases=phases))

    def standing():
        [subscription] = company.store.every("subscription", customer=customer["id"])
        [invoice] = company.invoices(customer)
        return subscription["status"], invoice["status"], invoice["attempt_count"]

    assert standing() == ("active", "draft", 0)
    company.run_to(JANUARY + HOUR)
    assert standing() == ("past_due", "open", 1)
    company.give_card(customer["id"], "pm_card_visa")
    company.run_to(JANUARY + HOUR + DAY)
    assert standing() == ("active", "paid", 2)


def test_a_phase_that_begins_inside_a_period_is_prorated(company, customer):
    first, second = company.licensed(31_00, "Basic"), company.licensed(62_00, "Scale")
    middle = JANUARY + 10 * DAY
    phases = [
        {"items": [{"price": first}], "end_date": middle},
        {
            "items": [{"price": second}],
            "end_date": FEBRUARY,
            "proration_behavior": "always_invoice",
        },
    ]
    create_schedule(company.call(customer=customer["id"], start_date="now", phases=phases))

    company.run_to(middle + HOUR)

    invoice = company.invoices(customer)[-1]
    assert (invoice["status"], invoice["billing_reason"]) == ("paid", "subscription_update")
    assert lines_of(company, invoice) == [
        ("Unused time on Basic after 11 Jan 2026", -21_00),
        ("Remaining time on Scale after 11 Jan 2026", 42_00),
    ]


def test_a_phase_can_be_a_trial(company, customer):
    price = company.licensed(100_00)
    phases = [
        {"items": [{"price": price}], "end_date": JANUARY + 10 * DAY, "trial": True},
        {"items": [{"price": price}], "duration": MONTH},
    ]
    create_schedule(company.call(customer=customer["id"], start_date="now", phases=phases))
    [subscription] = company.store.every("subscription", customer=customer["id"])

    assert (subscription["status"], subscription["trial_end"]) == ("trialing", JANUARY + 10 * DAY)
    company.run_to(JANUARY + 10 * DAY + HOUR)
    assert [one["total"] for one in company.invoices(customer)] == [0, 100_00]
    assert company.get("subscription", subscription["id"])["status"] == "active"


def test_a_phase_can_be_a_new_anchor(company, customer):
    first, second = company.licensed(31_00, "Basic"), company.licensed(62_00, "Scale")
    middle = JANUARY + 10 * DAY
    anchored = {"billing_cycle_anchor": "phase_start", "proration_behavior": "always_invoice"}
    phases = [
        {"items": [{"price": first}], "end_date": middle},
        {"items": [{"price": second}], "duration": MONTH} | anchored,
    ]
    create_schedule(company.call(customer=customer["id"], start_date="now", phases=phases))

    company.run_to(middle + HOUR)

    assert company.invoices(customer)[-1]["total"] == 62_00 - 21_00
    [subscription] = company.store.every("subscription", customer=customer["id"])
    assert subscription["billing_cycle_anchor"] == middle


def test_a_phase_may_describe_a_price_of_its_own(company, customer):
    product = create_product(company.call(name="Special"))["id"]
    own = {"currency": "usd", "product": product, "recurring": MONTH, "unit_amount": 12_34}
    phases = [
        {"items": [{"price_data": own}], "duration": MONTH},
        {"items": [{"price_data": own | {"unit_amount": 43_21}}], "duration": MONTH},
    ]
    create_schedule(company.call(customer=customer["id"], start_date="now", phases=phases))

    company.run_to(FEBRUARY + HOUR)

    assert [one["total"] for one in company.invoices(customer)] == [12_34, 43_21]


def test_the_schedule_of_a_deleted_customer_does_not_start(company, customer):
    phases = [{"items": [{"price": company.licensed()}], "duration": MONTH}]
    made = create_schedule(
        company.call(customer=customer["id"], start_date=FEBRUARY, phases=phases)
    )
    delete_customer(company.call(), customer["id"])

    company.run_to(FEBRUARY)

    assert company.get("subscription_schedule", made["id"])["status"] == "canceled"
    assert company.store.every("subscription") == []


def test_a_phase_bills_something_once(company, customer):
    price = company.licensed(100_00)
    once = create_price(
        company.call(currency="usd", unit_amount=5_00, product_data={"name": "Set-up"})
    )
    extra = {"price": once["id"], "quantity": 2}
    phases = [
        {"items": [{"price": price}], "duration": MONTH, "add_invoice_items": [extra]},
        {"items": [{"price": price}], "duration": MONTH, "add_invoice_items": [extra]},
    ]
    create_schedule(company.call(customer=customer["id"], start_date="now", phases=phases))

    company.run_to(MARCH + HOUR)

    assert [one["total"] for one in company.invoices(customer)] == [110_00, 110_00, 100_00]


def test_what_a_phase_bills_once_is_named_in_the_currency_of_the_subscription(company, customer):
    euros = {"eur": {"unit_amount": 4_00}}
    asked = {"currency": "usd", "unit_amount": 5_00, "currency_options": euros}
    plan = {**asked, "recurring": {"interval": "month"}, "product_data": {"name": "Plan"}}
    price = create_price(company.call(**plan))
    once = create_price(company.call(**asked, product_data={"name": "Set-up"}))
    phase = {
        "items": [{"price": price["id"]}],
        "duration": MONTH,
        "add_invoice_items": [{"price": once["id"], "quantity": 2}],
        "currency": "eur",
    }

    create_schedule(company.call(customer=customer["id"], start_date="now", phases=[phase]))

    (invoice,) = company.invoices(customer)
    (extra,) = (line for line in company.lines(invoice) if line["description"] == "Set-up")
    assert (extra["amount"], extra["pricing"]["unit_amount_decimal"]) == (8_00, "400")


def test_a_schedule_does_not_start_with_a_phase_that_is_over(company, customer):
    phases = [{"items": [{"price": company.licensed()}], "duration": MONTH}]

    with pytest.raises(Refused) as refused:
        create_schedule(
            company.call(customer=customer["id"], start_date=at(2025, 11, 1), phases=phases)
        )

    assert refused.value.fields["param"] == "phases[0][end_date]"


def test_a_phase_that_comes_while_a_subscription_is_paused_bills_nothing(company):
    customer, price = company.customer(card=None), company.licensed(100_00)
    subscription = company.subscribe(
        customer,
        price,
        trial_period_days=10,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    then(company, take_over(company, subscription), company.licensed(200_00))

    company.run_to(MARCH)

    assert company.get("subscription", subscription["id"])["status"] == "paused"
    assert [one["total"] for one in company.invoices(customer)] == [0]
