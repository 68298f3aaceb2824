"""Previews of schedules say what the schedules then invoice."""

from datetime import UTC, datetime

import pytest

from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_previews import create_preview
from portal.sandbox.resources.subscription_schedules import create_schedule
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.scheduling import MONTH, lines_of, replan, take_over, then

DAY, HOUR = 24 * 3600, 3600
JANUARY, FEBRUARY, MARCH = at(2026, 1, 1), at(2026, 2, 1), at(2026, 3, 1)


@pytest.fixture
def company():
    return Company(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def customer(company):
    return company.customer()


def preview(company, **params):
    found = create_preview(company.call(**params))
    return found, [(line["description"], line["amount"]) for line in found["lines"]]


def test_a_queued_downgrade_shows_in_the_next_invoice(company, customer):
    subscription = company.subscribe(customer, company.licensed(500_00, "Scale"))
    schedule = then(company, take_over(company, subscription), company.licensed(100_00, "Basic"))

    foretold, lines = preview(company, schedule=schedule["id"])

    assert lines == [("1 × Basic (at $100.00 / month)", 100_00)]
    company.run_to(FEBRUARY + HOUR)
    made = company.invoices(customer)[-1]
    assert (foretold["total"], lines) == (made["total"], lines_of(company, made))


def test_a_change_of_the_current_phase_shows_what_is_charged_at_once(company, customer):
    subscription = company.subscribe(customer, company.licensed(31_00, "Basic"))
    schedule = take_over(company, subscription)
    company.run_to(JANUARY + 10 * DAY)
    price = company.licensed(62_00, "Scale")
    phase = {"start_date": JANUARY, "end_date": FEBRUARY, "items": [{"price": price}]}
    asked = {"phases": [phase], "proration_behavior": "always_invoice"}
    before = company.get("subscription_schedule", schedule["id"])

    foretold, lines = preview(company, schedule=schedule["id"], schedule_details=asked)

    assert (foretold["total"], len(company.invoices(customer))) == (42_00 - 21_00, 1)
    assert company.get("subscription_schedule", schedule["id"]) == before
    replan(company, schedule, **asked)
    assert lines == lines_of(company, company.invoices(customer)[-1])


def test_a_schedule_that_is_not_made_yet_shows_its_first_invoice(company, customer):
    phases = [{"items": [{"price": company.licensed(100_00)}], "duration": MONTH}]

    foretold, _ = preview(company, customer=customer["id"], schedule_details={"phases": phases})

    assert foretold["total"] == 100_00
    assert company.store.every("subscription_schedule") == []
    assert company.store.every("subscription") == []


def test_a_schedule_that_has_not_started_shows_its_first_invoice(company, customer):
    phases = [{"items": [{"price": company.licensed(100_00)}], "duration": MONTH}]
    made = create_schedule(
        company.call(customer=customer["id"], start_date=FEBRUARY, phases=phases)
    )

    foretold, _ = preview(company, schedule=made["id"])

    assert (foretold["total"], foretold["created"]) == (100_00, FEBRUARY)
    assert (foretold["test_clock"], company.get("customer", customer["id"])["test_clock"]) == (
        None, None
    )  # fmt: skip


def test_a_preview_is_of_a_schedule_or_of_a_subscription(company, customer):
    subscription = company.subscribe(customer, company.licensed())
    schedule = take_over(company, subscription)

    with pytest.raises(Refused, match="only specify one"):
        preview(company, schedule=schedule["id"], subscription=subscription["id"])
