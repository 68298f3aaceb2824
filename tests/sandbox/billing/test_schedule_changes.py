"""Changing schedules, and subscriptions under their schedules: what is prorated, what divided."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.sandbox.refusals import Refused
from portal.sandbox.resources.coupons import create_coupon
from portal.sandbox.resources.subscription_updates import update_subscription
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


def test_changing_the_current_phase_is_prorated_now(company, customer):
    first, second = company.licensed(31_00, "Basic"), company.licensed(62_00, "Scale")
    subscription = company.subscribe(customer, first)
    schedule = take_over(company, subscription)
    company.run_to(JANUARY + 10 * DAY)
    phase = {"start_date": JANUARY, "end_date": FEBRUARY, "items": [{"price": second}]}

    replan(company, schedule, phases=[phase], proration_behavior="always_invoice")

    assert company.invoices(customer)[-1]["total"] == 42_00 - 21_00


@pytest.mark.parametrize(
    ("phases", "param"),
    [
        ([{"end_date": FEBRUARY}], "phases[0][start_date]"),
        ([{"start_date": JANUARY + 1, "end_date": FEBRUARY}], "phases[0][start_date]"),
        ([{"start_date": JANUARY, "end_date": JANUARY}], "phases[0][end_date]"),
        ([{"start_date": JANUARY, "end_date": FEBRUARY, "duration": MONTH}], "phases[0][duration]"),
        ([{"start_date": JANUARY}, {"start_date": MARCH}], "phases[1][start_date]"),
        ([{"start_date": JANUARY}] + [{}] * 10, "phases"),
        ([], "phases"),
    ],
)
def test_phases_that_do_not_follow_each_other_are_refused(company, customer, phases, param):
    price = company.licensed()
    schedule = take_over(company, company.subscribe(customer, price))
    asked = [phase | {"items": [{"price": price}]} for phase in phases]

    with pytest.raises(Refused) as refused:
        replan(company, schedule, phases=asked)

    assert refused.value.fields["param"] == param


def test_an_unknown_price_is_named_with_its_place(company, customer):
    schedule = take_over(company, company.subscribe(customer, company.licensed()))
    phase = {"start_date": JANUARY, "end_date": FEBRUARY, "items": [{"price": "price_x"}]}

    with pytest.raises(Refused, match="No such price: 'price_x'") as refused:
        replan(company, schedule, phases=[phase])

    assert refused.value.fields["param"] == "phases[0][items][0][price]"


def test_a_direct_change_divides_the_phase_that_is_on(company, customer):
    first, second = company.licensed(31_00, "Basic"), company.licensed(62_00, "Scale")
    subscription = company.subscribe(customer, first)
    schedule = then(company, take_over(company, subscription), first)
    company.run_to(JANUARY + 10 * DAY)
    [item] = company.store.every("subscription_item", subscription=subscription["id"])

    asked = company.call(items=[{"id": item["id"], "price": second}])
    update_subscription(asked, subscription["id"])

    phases = company.get("subscription_schedule", schedule["id"])["phases"]
    assert [(one["start_date"], one["end_date"]) for one in phases] == [
        (JANUARY, JANUARY + 10 * DAY),
        (JANUARY + 10 * DAY, FEBRUARY),
        (FEBRUARY, MARCH),
    ]
    assert [one["items"][0]["price"] for one in phases] == [first, second, first]
    company.run_to(FEBRUARY + HOUR)
    assert ("1 × Basic (at $31.00 / month)", 31_00) in lines_of(
        company, company.invoices(customer)[-1]
    )


def test_a_change_of_what_no_phase_says_divides_nothing(company, customer):
    subscription = company.subscribe(customer, company.licensed())
    schedule = take_over(company, subscription)

    update_subscription(company.call(metadata={"note": "hello"}), subscription["id"])

    assert company.get("subscription_schedule", schedule["id"]) == schedule


def test_mixed_intervals_change_where_their_own_periods_end(company, customer):
    monthly, yearly = (
        company.licensed(31_00, "Seat"),
        company.licensed(365_00, "Base", interval="year"),
    )
    dearer = company.licensed(730_00, "Base plus", interval="year")
    subscription = company.subscribe(customer, monthly, yearly)
    schedule = take_over(company, subscription)
    [phase] = schedule["phases"]
    assert (phase["start_date"], phase["end_date"]) == (JANUARY, FEBRUARY)
    first = {"start_date": JANUARY, "end_date": FEBRUARY,
             "items": [{"price": monthly}, {"price": yearly}]}  # fmt: skip
    later = {"items": [{"price": monthly}, {"price": dearer}], "duration": MONTH}

    replan(company, schedule, phases=[first, later])
    company.run_to(FEBRUARY + HOUR)

    invoice = company.invoices(customer)[-1]
    # 334 of 365 days are left of the year.
    assert lines_of(company, invoice) == [
        ("Unused time on Base after 01 Feb 2026", -334_00),
        ("Remaining time on Base plus after 01 Feb 2026", 668_00),
        ("1 × Seat (at $31.00 / month)", 31_00),
    ]


def test_discounts_go_on_from_phase_to_phase(company, customer):
    coupon = create_coupon(company.call(percent_off=Decimal(50), duration="forever"))
    price = company.licensed(100_00)
    subscription = company.subscribe(customer, price, discounts=[{"coupon": coupon["id"]}])
    schedule = take_over(company, subscription)
    update_subscription(company.call(metadata={"note": "hello"}), subscription["id"])
    assert len(company.get("subscription_schedule", schedule["id"])["phases"]) == 1

    then(company, schedule, price, discounts=[{"coupon": coupon["id"]}])
    company.run_to(FEBRUARY + HOUR)
    assert company.invoices(customer)[-1]["total"] == 50_00
    company.run_to(MARCH + HOUR)
    assert company.invoices(customer)[-1]["total"] == 50_00


def test_a_phase_without_discounts_has_none(company, customer):
    coupon = create_coupon(company.call(percent_off=Decimal(50), duration="forever"))
    price = company.licensed(100_00)
    subscription = company.subscribe(customer, price, discounts=[{"coupon": coupon["id"]}])
    then(company, take_over(company, subscription), price)

    company.run_to(FEBRUARY + HOUR)

    assert [one["total"] for one in company.invoices(customer)] == [50_00, 100_00]
