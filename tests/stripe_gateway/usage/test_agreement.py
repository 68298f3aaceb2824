"""Whether a preview bills what was used: quantities of metered items, tier by tier."""

from decimal import Decimal
from typing import Any

from portal.stripe_gateway.facts import InvoiceFacts, SubscriptionFacts
from portal.stripe_gateway.translate_invoice import invoice_facts
from portal.stripe_gateway.usage.agreement import bills_the_totals
from portal.stripe_gateway.usage.facts import UsageTotalFacts
from portal.stripe_ids import MeterId
from tests import stripe_facts as facts
from tests import stripe_objects


def metered(**changes: Any) -> SubscriptionFacts:
    return facts.subscription(price=stripe_objects.price(meter="mtr_1"), **changes)


def used(value: str) -> list[UsageTotalFacts]:
    return [UsageTotalFacts(MeterId("mtr_1"), facts.NOVEMBER, Decimal(value))]


def preview(*quantities: str, **changes: Any) -> InvoiceFacts:
    lines = [
        stripe_objects.invoice_line(f"il_{n}", quantity_decimal=one, **changes)
        for n, one in enumerate(quantities)
    ]
    return invoice_facts(stripe_objects.invoice(lines=lines), lines, facts.NOON)


def test_one_line_bills_the_total():
    assert bills_the_totals([metered()], [preview("7.5")], used("7.50"))


def test_a_line_behind_the_total_does_not_agree():
    assert not bills_the_totals([metered()], [preview("7")], used("8"))


def test_the_lines_of_all_tiers_are_added():
    assert bills_the_totals([metered()], [preview("100", "0", "42", "0")], used("142"))


def test_a_negative_total_is_billed_as_nothing():
    assert bills_the_totals([metered()], [preview("0")], used("-3"))


def test_prorations_and_other_periods_do_not_count():
    proration = stripe_objects.invoice_line()["parent"]
    proration["subscription_item_details"]["proration"] = True
    december = {"start": stripe_objects.DECEMBER, "end": stripe_objects.DECEMBER + 86400}

    assert not bills_the_totals([metered()], [preview("5", parent=proration)], used("5"))
    assert not bills_the_totals([metered()], [preview("5", period=december)], used("5"))


def test_usage_in_a_trial_is_not_expected_on_the_bill():
    assert bills_the_totals([metered(status="trialing")], [preview("0")], used("9"))


def test_without_a_preview_there_is_nothing_to_differ():
    assert bills_the_totals([metered()], [], used("9"))
