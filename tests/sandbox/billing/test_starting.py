"""How subscriptions start: anchors, past dates, extras, and first payments that are awaited."""

from datetime import UTC, datetime

import pytest

from portal.sandbox.billing import setups
from portal.sandbox.billing.anchors import AnchorConfig, next_occurrence
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.payment_methods import attach
from tests.sandbox.billing.company import Company, at

DAY, HOUR = 24 * 3600, 3600
APRIL, MAY = at(2026, 4, 1), at(2026, 5, 1)
CLASSIC = {"type": "classic"}


@pytest.fixture
def company():
    return Company(datetime(2026, 4, 1, tzinfo=UTC))


@pytest.fixture
def customer(company):
    return company.customer()


def periods(company, invoice):
    return [
        (line["period"]["start"], line["period"]["end"], line["amount"])
        for line in company.lines(invoice)
    ]


def test_the_time_until_a_future_anchor_is_prorated(company, customer):
    made = company.subscribe(
        customer, company.licensed(30_00), billing_cycle_anchor=at(2026, 4, 11)
    )

    [invoice] = company.invoices(customer)
    # The period of which it is a part began on 11 March and has 31 days.
    assert periods(company, invoice) == [(APRIL, at(2026, 4, 11), 968)]
    assert made["billing_cycle_anchor"] == at(2026, 4, 11)
    company.run_to(at(2026, 4, 11, 1))
    assert company.invoices(customer)[-1]["total"] == 30_00


def test_without_prorations_the_time_until_the_anchor_is_free(company, customer):
    made = company.subscribe(
        customer,
        company.licensed(30_00),
        billing_cycle_anchor=at(2026, 4, 11),
        proration_behavior="none",
    )

    assert (made["status"], company.invoices(customer)) == ("active", [])
    company.run_to(at(2026, 4, 11, 1))
    assert [invoice["total"] for invoice in company.invoices(customer)] == [30_00]


def test_an_anchor_is_not_later_than_the_next_natural_billing_date(company, customer):
    with pytest.raises(Refused) as refused:
        company.subscribe(customer, company.licensed(), billing_cycle_anchor=MAY + 1)

    assert refused.value.fields["param"] == "billing_cycle_anchor"


def test_an_anchor_may_be_given_by_day_and_time(company, customer):
    config = {"day_of_month": 15, "hour": 8, "minute": 30, "second": 0}
    made = company.subscribe(customer, company.licensed(30_00), billing_cycle_anchor_config=config)

    assert made["billing_cycle_anchor"] == at(2026, 4, 15, 8, 30)
    assert made["billing_cycle_anchor_config"] == config | {"month": None}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (AnchorConfig(31), at(2026, 4, 30, 12)),
        (AnchorConfig(1), at(2026, 5, 1, 12)),
        (AnchorConfig(10, hour=12), at(2026, 5, 10, 12)),
        (AnchorConfig(10, hour=13), at(2026, 4, 10, 13)),
        (AnchorConfig(29, month=2), at(2027, 2, 28, 12)),
        (AnchorConfig(10, month=4), at(2027, 4, 10, 12)),
    ],
)
def test_the_next_occurrence_is_later_than_now(config, expected):
    assert next_occurrence(config, at(2026, 4, 10, 12)) == expected


def test_a_day_that_a_month_does_not_have_comes_back(company, customer):
    made = company.subscribe(
        customer, company.licensed(30_00), billing_cycle_anchor_config={"day_of_month": 31}
    )

    company.run_to(at(2026, 8, 1))

    assert made["billing_cycle_anchor"] == at(2026, 4, 30)
    starts = [company.lines(one)[0]["period"]["start"] for one in company.invoices(customer)]
    assert starts == [APRIL, *(at(2026, *day) for day in ((4, 30), (5, 31), (6, 30), (7, 31)))]


def test_a_past_start_is_billed_period_by_period(company, customer):
    made = company.subscribe(customer, company.licensed(31_00), backdate_start_date=at(2026, 2, 15))

    [invoice] = company.invoices(customer)
    assert made["start_date"] == at(2026, 2, 15)
    assert made["billing_cycle_anchor"] == APRIL
    assert periods(company, invoice) == [
        (at(2026, 2, 15), at(2026, 3, 1), 15_50),
        (at(2026, 3, 1), APRIL, 31_00),
        (APRIL, MAY, 31_00),
    ]


def test_a_past_start_is_one_line_in_classic_mode_by_an_imagined_period(company, customer):
    company.clock.move_to(datetime(2026, 3, 1, tzinfo=UTC))
    company.subscribe(
        customer,
        company.licensed(28_00),
        backdate_start_date=at(2026, 2, 15),
        billing_mode=CLASSIC,
    )

    [invoice] = company.invoices(customer)
    # A month from 15 February has 28 days, of which 14 are over.
    assert periods(company, invoice) == [
        (at(2026, 2, 15), at(2026, 3, 1), 14_00),
        (at(2026, 3, 1), at(2026, 4, 1), 28_00),
    ]


def test_whole_imagined_periods_cost_their_price(company, customer):
    company.subscribe(
        customer,
        company.licensed(28_00),
        backdate_start_date=at(2026, 1, 15),
        billing_mode=CLASSIC,
    )

    [invoice] = company.invoices(customer)
    # Two months to 15 March, and 17 of the 31 days from then on.
    assert periods(company, invoice)[0] == (at(2026, 1, 15), APRIL, 2 * 28_00 + 15_35)


def test_a_past_start_without_prorations_costs_nothing_for_the_past(company, customer):
    company.subscribe(
        customer,
        company.licensed(31_00),
        backdate_start_date=at(2026, 2, 15),
        proration_behavior="none",
    )

    [invoice] = company.invoices(customer)
    assert periods(company, invoice) == [(APRIL, MAY, 31_00)]


def test_a_past_start_of_more_than_250_periods_is_refused(company, customer):
    daily = company.licensed(1_00, interval="day")
    with pytest.raises(Refused) as refused:
        company.subscribe(customer, daily, backdate_start_date=APRIL - 251 * DAY)

    assert refused.value.fields["param"] == "backdate_start_date"


def test_usage_of_past_periods_is_billed_with_a_past_start(company, customer):
    metered = company.metered(company.meter())
    company.use(customer, 1_000, at(2026, 3, 20))
    company.subscribe(customer, metered, backdate_start_date=at(2026, 3, 1))

    [invoice] = company.invoices(customer)
    assert periods(company, invoice) == [(at(2026, 3, 1), APRIL, 5_00)]


def test_classic_mode_names_metered_items_on_the_first_invoice(company, customer):
    metered = company.metered(company.meter())
    company.subscribe(customer, metered, billing_mode=CLASSIC)
    flexible = company.subscribe(company.customer(), metered)

    [invoice] = company.invoices(customer)
    assert (invoice["total"], invoice["status"]) == (0, "paid")
    assert periods(company, invoice) == [(APRIL, MAY, 0)]
    assert flexible["latest_invoice"] is None


def test_a_first_payment_may_wait_for_its_confirmation(company, customer):
    made = company.subscribe(customer, company.licensed(), payment_behavior="default_incomplete")

    [invoice] = company.invoices(customer)
    assert (made["status"], invoice["status"]) == ("incomplete", "open")
    assert (invoice["attempted"], invoice["amount_paid"]) == (False, 0)
    assert invoice["_confirmation_secret"]["type"] == "payment_intent"


def test_a_customer_without_a_card_may_confirm_later(company):
    made = company.subscribe(
        company.customer(card=None), company.licensed(), payment_behavior="default_incomplete"
    )

    assert made["status"] == "incomplete"


def test_what_is_not_confirmed_within_23_hours_expires(company, customer):
    made = company.subscribe(customer, company.licensed(), payment_behavior="default_incomplete")

    company.run_to(APRIL + 23 * HOUR - 1)
    assert company.get("subscription", made["id"])["status"] == "incomplete"
    company.run_to(APRIL + 23 * HOUR)

    [invoice] = company.invoices(customer)
    expired = company.get("subscription", made["id"])
    assert (expired["status"], expired["ended_at"]) == ("incomplete_expired", APRIL + 23 * HOUR)
    assert invoice["status"] == "void"
    company.run_to(at(2026, 7, 1))
    assert len(company.invoices(customer)) == 1


def test_a_declined_card_leaves_the_subscription_incomplete(company):
    customer = company.customer(card="pm_card_chargeCustomerFail")
    made = company.subscribe(customer, company.licensed())

    [invoice] = company.invoices(customer)
    assert (made["status"], invoice["status"], invoice["attempt_count"]) == (
        "incomplete",
        "open",
        1,
    )


def test_a_card_that_wants_consent_leaves_the_attempt_open(company):
    customer = company.customer(card="pm_card_authenticationRequired")
    made = company.subscribe(customer, company.licensed())

    [invoice] = company.invoices(customer)
    assert (made["status"], invoice["status"]) == ("incomplete", "open")
    assert (invoice["attempted"], invoice["attempt_count"]) == (True, 0)
    assert invoice["next_payment_attempt"] is None


def test_an_end_inside_the_first_period_shortens_it(company, customer):
    made = company.subscribe(customer, company.licensed(30_00), cancel_at=at(2026, 4, 16))

    [invoice] = company.invoices(customer)
    assert periods(company, invoice) == [(APRIL, at(2026, 4, 16), 15_00)]
    company.run_to(at(2026, 4, 16))
    assert company.get("subscription", made["id"])["status"] == "canceled"
    assert len(company.invoices(customer)) == 1


def test_a_trial_asks_for_a_card_where_there_is_none(company):
    customer = company.customer(card=None)
    made = company.subscribe(
        customer,
        company.licensed(),
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        trial_period_days=7,
    )
    intent = company.get("setup_intent", made["pending_setup_intent"])
    card = attach(company.store, "pm_card_visa", customer)

    setups.attempt(company.store, intent, card)

    settled = company.get("subscription", made["id"])
    assert (intent["status"], settled["pending_setup_intent"]) == ("requires_payment_method", None)
    assert settled["default_payment_method"] == card["id"]
