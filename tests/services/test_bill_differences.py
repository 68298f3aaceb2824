"""Which lines a next invoice should have, and when nothing of it differs; on made-up facts."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.clock import Period, from_epoch
from portal.services.bill_differences import Reason, compare
from portal.stripe_gateway.facts import InvoiceFacts, PriceFacts
from portal.stripe_gateway.next_bill.facts import Deductions, NextBill, PendingItem
from portal.stripe_gateway.translate_invoice import invoice_facts
from portal.stripe_gateway.usage.facts import MeterPeriod
from portal.stripe_ids import MeterId, PriceId
from tests import stripe_facts as facts
from tests import stripe_objects
from tests.stripe_objects import DECEMBER, NOVEMBER, StripeObject

MIDDLE = NOVEMBER + 14 * 86_400
JANUARY = DECEMBER + 31 * 86_400
LICENSED = stripe_objects.price()
METERED = stripe_objects.price(meter="mtr_1", unit_amount=300, unit_amount_decimal="300")


def line(amount: int, start: int, end: int, **changes: Any) -> StripeObject:
    return stripe_objects.invoice_line(
        f"il_{amount}_{start}",
        amount=amount,
        discountable=True,
        period={"start": start, "end": end},
        **changes,
    )


def preview(*lines: StripeObject, **changes: Any) -> InvoiceFacts:
    shown = stripe_objects.invoice(lines=lines, **({"created": DECEMBER} | changes))
    return invoice_facts(shown, lines, facts.NOON)


def used(start: int, end: int, value: str) -> dict[MeterPeriod, Decimal]:
    period = Period(from_epoch(start), from_epoch(end))
    return {MeterPeriod(MeterId("mtr_1"), period): Decimal(value)}


def next_bill(
    stripe_s: InvoiceFacts | None,
    price: StripeObject = LICENSED,
    subscription: dict[str, Any] | None = None,
    prices: Sequence[PriceFacts] = (),
    **changes: Any,
) -> NextBill:
    made = facts.price(**{name: value for name, value in price.items() if name != "object"})
    bill = NextBill(
        subscription=facts.subscription(price=price, **(subscription or {})),
        preview=stripe_s,
        refusal="",
        prices={one.id: one for one in (made, *prices)},
        quantities=used(NOVEMBER, DECEMBER, "0"),
        billed_early={},
        next_plan=None,
        pending=(),
        shared=Deductions(),
        of_items={},
        grants=(),
        balance=0,
        is_tax_exempt=False,
        automatic_tax=False,
        is_classic=False,
    )
    return replace(bill, **changes)


def waiting(amount: int) -> PendingItem:
    return PendingItem(
        id="ii_1",
        amount=amount,
        description="Unused time",
        price_id=PriceId("price_1"),
        product_id=None,
        period_end=from_epoch(DECEMBER),
        discountable=False,
        own=Deductions(),
    )


def reasons(bill: NextBill) -> list[Reason]:
    return [one.reason for one in compare(bill)]


def test_a_plan_is_billed_for_the_period_that_begins() -> None:
    assert reasons(next_bill(preview(line(2500, DECEMBER, JANUARY)))) == []
    missing, unexpected = compare(next_bill(preview(line(2500, NOVEMBER, DECEMBER))))
    assert (missing.reason, missing.where) == (
        Reason.MISSING,
        "price_1 of si_1 from 01 Dec 2026",
    )
    assert unexpected.reason is Reason.UNEXPECTED


def test_a_plan_that_ends_is_not_billed_again_but_its_usage_is() -> None:
    ending = {"cancel_at_period_end": True}
    last_usage = line(3000, NOVEMBER, DECEMBER, quantity_decimal="10")

    assert reasons(next_bill(None, subscription=ending)) == []
    assert reasons(next_bill(None, subscription={"cancel_at": DECEMBER})) == []
    assert (
        reasons(
            next_bill(
                preview(last_usage),
                METERED,
                ending,
                quantities=used(NOVEMBER, DECEMBER, "10"),
            )
        )
        == []
    )


def test_a_plan_that_goes_on_needs_a_preview() -> None:
    (found,) = compare(next_bill(None))

    assert (found.reason, found.ours) == (Reason.NO_PREVIEW, "2500")


def test_what_waits_for_an_invoice_makes_none_by_itself() -> None:
    ending = {"cancel_at": DECEMBER}

    assert reasons(next_bill(None, subscription=ending, pending=(waiting(-700),))) == []


def test_usage_in_a_trial_is_shown_but_free() -> None:
    trial = {"status": "trialing"}
    lines = [line(0, NOVEMBER, DECEMBER, quantity_decimal="10"), line(9, NOVEMBER, DECEMBER)]

    assert reasons(next_bill(preview(lines[0]), METERED, trial)) == []
    assert reasons(next_bill(preview(lines[1]), METERED, trial))[0] is Reason.AMOUNT
    assert reasons(next_bill(preview(), METERED, trial)) == [Reason.MISSING]


def test_a_paused_subscription_needs_none() -> None:
    assert reasons(next_bill(None, subscription={"status": "paused"})) == []


def test_an_item_whose_period_goes_on_is_not_on_the_invoice() -> None:
    # The invoice of the middle of November is another item's.
    assert reasons(next_bill(preview(created=MIDDLE))) == []


def test_each_part_of_a_period_is_billed_by_the_price_that_was_in_force() -> None:
    before = facts.price("price_before", meter="mtr_1", unit_amount_decimal="200")
    pricing = {"price_details": {"price": "price_before"}, "unit_amount_decimal": "200"}
    lines = (
        line(2000, NOVEMBER, MIDDLE, quantity_decimal="10", pricing=pricing),
        line(1500, MIDDLE, DECEMBER, quantity_decimal="5"),
    )
    counted = used(NOVEMBER, MIDDLE, "10") | used(MIDDLE, DECEMBER, "5")

    bill = next_bill(preview(*lines), METERED, prices=[before], quantities=counted)

    assert reasons(bill) == []


def test_usage_below_zero_is_billed_as_none() -> None:
    bill = next_bill(
        preview(line(0, NOVEMBER, DECEMBER, quantity_decimal="0")),
        METERED,
        quantities=used(NOVEMBER, DECEMBER, "-5"),
    )

    assert reasons(bill) == []


def test_a_pending_item_is_on_the_invoice_as_it_was_kept() -> None:
    parent = stripe_objects.invoice_line()["parent"]
    parent["subscription_item_details"] |= {"invoice_item": "ii_1", "proration": True}
    plan, proration = line(2500, DECEMBER, JANUARY), line(-700, MIDDLE, DECEMBER, parent=parent)

    assert reasons(next_bill(preview(proration, plan), pending=(waiting(-700),))) == []
    (found,) = compare(next_bill(preview(plan), pending=(waiting(-700),)))
    assert (found.reason, found.where) == (Reason.MISSING, "invoice item ii_1")


def test_too_small_an_amount_stays_on_the_balance() -> None:
    small = stripe_objects.price(unit_amount=30, unit_amount_decimal="30")

    assert reasons(next_bill(preview(line(30, DECEMBER, JANUARY), amount_due=0), small)) == []


def test_a_price_in_another_currency_is_rated_by_its_option() -> None:
    yen = stripe_objects.price(currency_options={"jpy": {"unit_amount": 3000}})
    bill = next_bill(
        preview(line(3000, DECEMBER, JANUARY), currency="jpy"), yen, {"currency": "jpy"}
    )
    without = next_bill(preview(line(3000, DECEMBER, JANUARY)), subscription={"currency": "jpy"})

    assert reasons(bill) == []
    assert reasons(without) == [Reason.PRICE]
