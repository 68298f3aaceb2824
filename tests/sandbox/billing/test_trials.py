"""Free trials: how they begin, are told of, end, are moved and are ended early."""

from datetime import UTC, datetime

import pytest

from portal.sandbox.refusals import Refused
from portal.sandbox.resources.subscription_updates import update_subscription
from tests.sandbox.billing.company import Company, at

DAY = 24 * 3600
JANUARY, FEBRUARY = at(2026, 1, 1), at(2026, 2, 1)


@pytest.fixture
def company():
    return Company(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def customer(company):
    return company.customer()


def update(company, subscription, **params):
    update_subscription(company.call(**params), subscription["id"])
    return company.get("subscription", subscription["id"])


def item_of(company, subscription):
    return company.store.every("subscription_item", subscription=subscription["id"])[0]


def period(company, subscription):
    item = item_of(company, subscription)
    return item["current_period_start"], item["current_period_end"]


def test_a_trial_is_one_free_period_with_a_paid_invoice_of_nothing(company, customer):
    made = company.subscribe(customer, company.licensed(), trial_period_days=15)

    end = JANUARY + 15 * DAY
    assert (made["status"], made["trial_start"], made["trial_end"]) == ("trialing", JANUARY, end)
    assert made["billing_cycle_anchor"] == end
    assert period(company, made) == (JANUARY, end)
    [invoice] = company.invoices(customer)
    assert (invoice["status"], invoice["total"], invoice["attempt_count"]) == ("paid", 0, 0)
    [line] = company.lines(invoice)
    assert line["description"] == "Free trial for 1 × Scale plan"
    assert line["period"] == {"start": JANUARY, "end": end}


def test_time_that_a_trial_gave_back_is_not_credited_again(company, customer):
    made = company.subscribe(customer, company.licensed(3_100, "Seat"))
    company.run_to(at(2026, 1, 10))
    update(company, made, trial_end=at(2026, 1, 20))
    company.run_to(at(2026, 1, 25))

    update(company, made, items=[{"id": item_of(company, made)["id"], "quantity": 2}])

    waiting = company.store.every("invoiceitem", customer=customer["id"], invoice=None)[::-1]
    # For twenty-six of the thirty-one days that were paid on the 20th.
    assert [item["amount"] for item in waiting] == [-2_600, 5_200]


def test_the_end_of_a_trial_begins_the_first_paid_period(company, customer):
    made = company.subscribe(customer, company.licensed(), trial_end=at(2026, 1, 11))

    company.run_to(at(2026, 1, 11))
    drafted = company.invoices(customer)[-1]
    company.run_to(at(2026, 1, 11, 1))

    current = company.get("subscription", made["id"])
    assert (current["status"], drafted["status"]) == ("active", "draft")
    assert period(company, current) == (at(2026, 1, 11), at(2026, 2, 11))
    paid = company.invoices(customer)[-1]
    assert (paid["id"], paid["status"], paid["total"]) == (drafted["id"], "paid", 49_900)
    assert paid["billing_reason"] == "subscription_cycle"


def test_a_trial_is_told_of_three_days_before_it_ends_and_once(company, customer):
    company.subscribe(customer, company.licensed(), trial_period_days=15)
    told = "customer.subscription.trial_will_end"

    company.run_to(JANUARY + 12 * DAY - 1)
    assert told not in company.events()
    company.run_to(JANUARY + 14 * DAY)
    assert company.events().count(told) == 1


def test_a_trial_of_a_day_is_told_of_at_once(company, customer):
    company.subscribe(customer, company.licensed(), trial_period_days=1)

    assert company.events().count("customer.subscription.trial_will_end") == 1


def test_usage_in_a_trial_costs_nothing(company, customer):
    metered = company.metered(company.meter())
    company.subscribe(customer, company.licensed(), metered, trial_period_days=10)

    company.run_to(JANUARY + 5 * DAY)
    company.use(customer, 1_000)
    company.run_to(JANUARY + 10 * DAY + 3600)

    invoice = company.invoices(customer)[-1]
    [free] = [line for line in company.lines(invoice) if line["quantity"] == 1_000]
    assert (invoice["total"], free["amount"]) == (49_900, 0)
    company.use(customer, 100)
    company.run_to(at(2026, 2, 11, 1))
    assert company.invoices(customer)[-1]["total"] == 49_900 + 50


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "active")],
)
def test_a_trial_without_a_payment_method_ends_as_its_settings_say(company, behavior, status):
    customer = company.customer(card=None)
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    made = company.subscribe(
        customer, company.licensed(), trial_period_days=7, trial_settings=settings
    )

    company.run_to(JANUARY + 7 * DAY)

    assert company.get("subscription", made["id"])["status"] == status
    bills = behavior == "create_invoice"
    assert len(company.invoices(customer)) == (2 if bills else 1)


def test_a_trial_that_pauses_says_why(company):
    customer = company.customer(card=None)
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    made = company.subscribe(
        customer, company.licensed(), trial_period_days=7, trial_settings=settings
    )

    company.run_to(JANUARY + 7 * DAY)

    why = company.get("subscription", made["id"])["status_details"]["paused"]
    assert why["subscription"] == {"type": "trial_end_without_payment_method"}
    assert "customer.subscription.paused" in company.events()


def test_a_trial_that_is_ended_now_is_billed_now(company, customer):
    made = company.subscribe(customer, company.licensed(), trial_period_days=30)
    company.run_to(JANUARY + 4 * DAY)

    ended = update(company, made, trial_end="now")

    now = JANUARY + 4 * DAY
    assert (ended["status"], ended["trial_end"]) == ("active", now)
    assert ended["billing_cycle_anchor"] == now
    invoice = company.invoices(customer)[-1]
    assert (invoice["status"], invoice["total"]) == ("paid", 49_900)
    assert invoice["billing_reason"] == "subscription_update"
    assert ended["latest_invoice"] == invoice["id"]


def test_ending_the_trial_of_one_that_has_none_changes_nothing(company, customer):
    made = company.subscribe(customer, company.licensed())

    update(company, made, trial_end="now")

    assert len(company.invoices(customer)) == 1
    assert company.get("subscription", made["id"]) == made


def test_a_trial_is_extended(company, customer):
    made = company.subscribe(customer, company.licensed(), trial_period_days=7)
    company.run_to(JANUARY + 5 * DAY)

    longer = update(company, made, trial_end=JANUARY + 20 * DAY)

    assert (longer["status"], longer["trial_start"]) == ("trialing", JANUARY)
    assert longer["billing_cycle_anchor"] == JANUARY + 20 * DAY
    company.run_to(JANUARY + 19 * DAY)
    assert all(invoice["total"] == 0 for invoice in company.invoices(customer))
    company.run_to(JANUARY + 20 * DAY + 3600)
    assert company.invoices(customer)[-1]["total"] == 49_900


def test_a_trial_given_to_a_paying_customer_credits_what_was_paid(company, customer):
    made = company.subscribe(customer, company.licensed(31_00))
    company.run_to(JANUARY + 11 * DAY)

    update(company, made, trial_end=JANUARY + 40 * DAY)

    [credit] = company.store.every("invoiceitem", customer=customer["id"])
    assert credit["amount"] == -20_00
    assert company.get("subscription", made["id"])["status"] == "trialing"


def test_a_trial_with_an_anchor_is_followed_by_a_part_of_a_period(company, customer):
    made = company.subscribe(
        customer,
        company.licensed(31_00),
        trial_end=JANUARY + 11 * DAY,
        billing_cycle_anchor=FEBRUARY,
    )

    company.run_to(JANUARY + 11 * DAY + 3600)

    assert made["billing_cycle_anchor"] == FEBRUARY
    assert company.invoices(customer)[-1]["total"] == 20_00
    assert period(company, made) == (JANUARY + 11 * DAY, FEBRUARY)


@pytest.mark.parametrize("trial_end", [JANUARY, at(2028, 1, 2)])
def test_a_trial_is_neither_over_at_once_nor_longer_than_two_years(company, customer, trial_end):
    with pytest.raises(Refused) as refused:
        company.subscribe(customer, company.licensed(), trial_end=trial_end)

    assert refused.value.fields["param"] == "trial_end"
