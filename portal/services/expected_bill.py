"""A next invoice by our own rating: the lines that it should have, and what comes off them; pure.

The lines come from the subscription's items, their prices and the usage; the deductions are worked
out on any set of lines, so that a difference in one does not show as a difference in the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.clock import Period, from_epoch, to_epoch
from portal.rating.invoice import BillLine, RatedInvoice, rate_invoice
from portal.rating.price import price_from_stripe
from portal.rating.rate import rate
from portal.rating.rest import lines_left, lines_taken_off
from portal.stripe_gateway.facts import InvoiceLineFacts, SubscriptionItemFacts
from portal.stripe_gateway.next_bill.facts import Deductions, NextBill
from portal.stripe_gateway.usage.facts import MeterPeriod
from portal.stripe_ids import PriceId

# What tells the lines of an invoice apart: an item, a price and a period, or an invoice item.
LineKey = tuple[str, ...]
PENDING = "pending"


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """One line as it should be; without a quantity whatever Stripe counts is right."""

    amount: int
    quantity: Decimal | None = None


def key_of(line: InvoiceLineFacts) -> LineKey:
    """The key under which a line of Stripe's preview is expected."""
    pending = _invoice_item_of(line)
    if pending:
        return (PENDING, pending)
    return _key(line.subscription_item_id, line.price_id, line.period_start)


def key_text(key: LineKey) -> str:
    """A key in words, for a line that is not there to be named."""
    if key[0] == PENDING:
        return f"invoice item {key[1]}"
    item, price, start = key
    return f"{price} of {item or 'a new item'} from {from_epoch(int(start)):%d %b %Y}"


def expected_lines(bill: NextBill) -> dict[LineKey, list[ExpectedLine]]:
    """The lines that the next invoice should have. Raises what rating a price raises."""
    expected: dict[LineKey, list[ExpectedLine]] = {
        (PENDING, item.id): [ExpectedLine(item.amount)] for item in bill.pending
    }
    issued_at = _issued_at(bill)
    for item in bill.subscription.items:
        if item.current_period_end > issued_at:
            continue
        if item.meter_id is not None:
            expected.update(_metered(bill, item))
        elif bill.next_plan is None and not _ends_by(bill, issued_at):
            key = _key(item.id, item.price_id, item.current_period_end)
            expected[key] = _rated(bill, item.price_id, Decimal(item.quantity or 0))
    for price, quantity in (bill.next_plan or {}).items():
        if bill.prices[price].meter_id is None:
            key = _key(_item_to_be(bill, price, issued_at), price, issued_at)
            expected[key] = _rated(bill, price, quantity)
    return expected


def rate_preview(bill: NextBill, lines: Sequence[InvoiceLineFacts]) -> RatedInvoice:
    """What discounts, credits, taxes and the balance make of the lines that Stripe previews."""
    return rate_invoice(
        [_bill_line(bill, line) for line in lines],
        discounts=bill.shared.discounts,
        grants=bill.grants,
        balance=bill.balance,
        spread_evenly=bill.is_classic,
    )


def _issued_at(bill: NextBill) -> datetime:
    if bill.preview is not None:
        return bill.preview.created_at
    return min(item.current_period_end for item in bill.subscription.items)


def _metered(
    bill: NextBill, item: SubscriptionItemFacts
) -> Iterator[tuple[LineKey, list[ExpectedLine]]]:
    """The item's usage, by the prices that Stripe says were in force in parts of the period."""
    whole = Period(item.current_period_start, item.current_period_end)
    parts = dict.fromkeys(
        (line.price_id, Period(line.period_start, line.period_end))
        for line in (bill.preview.lines if bill.preview else ())
        if line.subscription_item_id == item.id and line.price_id and not _invoice_item_of(line)
    )
    for price, period in parts or [(item.price_id, whole)]:
        key = _key(item.id, price, period.start)
        meter = bill.prices[price].meter_id
        if bill.subscription.status == "trialing":
            # Usage during a trial is free (https://docs.stripe.com/billing/subscriptions/trials).
            yield key, [ExpectedLine(0)] * max(1, _count(bill, key))
        elif meter is not None:
            used = bill.quantities[MeterPeriod(meter, period)]
            yield key, _rated(bill, price, used, bill.billed_early.get((item.id, price)))


def _count(bill: NextBill, key: LineKey) -> int:
    lines = bill.preview.lines if bill.preview else ()
    return sum(key_of(line) == key for line in lines)


def _item_to_be(bill: NextBill, price: PriceId, moment: datetime) -> str | None:
    """The item that bears a scheduled price from a moment on; only the preview knows it yet."""
    lines = bill.preview.lines if bill.preview else ()
    found = (one for one in lines if one.price_id == price and one.period_start >= moment)
    return next((line.subscription_item_id for line in found), None)


def _rated(
    bill: NextBill, price: PriceId, quantity: Decimal, billed: Decimal | None = None
) -> list[ExpectedLine]:
    value = price_from_stripe(bill.prices[price].stripe_object, bill.subscription.currency)
    if billed is None:
        lines = list(rate(value, quantity).lines)
    else:
        lines = [*lines_left(value, quantity, billed), *lines_taken_off(value, billed)]
    return [ExpectedLine(line.amount, line.quantity) for line in lines]


def _bill_line(bill: NextBill, line: InvoiceLineFacts) -> BillLine:
    own = _deductions_of(bill, line)
    price = bill.prices.get(line.price_id) if line.price_id else None
    rates = own.tax_rates or bill.shared.tax_rates
    return BillLine(
        key=line.id,
        amount=line.amount,
        product=line.product_id,
        price=line.price_id,
        is_metered=price is not None and price.meter_id is not None,
        period_end=to_epoch(line.period_end),
        discountable=bool(line.stripe_object["discountable"]),
        discounts=own.discounts,
        tax_rates=() if bill.is_tax_exempt or bill.automatic_tax else rates,
    )


def _deductions_of(bill: NextBill, line: InvoiceLineFacts) -> Deductions:
    pending = _invoice_item_of(line)
    if pending:
        return next((item.own for item in bill.pending if item.id == pending), Deductions())
    if line.subscription_item_id is None:
        return Deductions()
    return bill.of_items.get(line.subscription_item_id, Deductions())


def _invoice_item_of(line: InvoiceLineFacts) -> str | None:
    parent: Mapping[str, Mapping[str, str | None]] = line.stripe_object.get("parent") or {}
    for details in ("invoice_item_details", "subscription_item_details"):
        found = (parent.get(details) or {}).get("invoice_item")
        if found:
            return found
    return None


def _key(item: str | None, price: str | None, start: datetime) -> LineKey:
    return (item or "", price or "", str(to_epoch(start)))


def _ends_by(bill: NextBill, moment: datetime) -> bool:
    """Whether the subscription is over when the invoice is made, so that no new period begins."""
    subscription = bill.subscription
    at = subscription.cancel_at
    return subscription.cancel_at_period_end or (at is not None and at <= moment)
