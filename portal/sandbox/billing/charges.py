"""What is owed and for which span of time: items and their quantities, before they become lines.

https://docs.stripe.com/billing/invoices/subscription: licensed prices are billed in advance, for
the period that starts; metered ones in arrears, for the period that ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.periods import next_boundary
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Charge:
    """A quantity of one subscription item over a span of time; of a metered one it is measured.

    `counted_to` is until when usage counts, if not to the end of the span. What is free is billed
    with the amount 0, as a trial is.
    """

    item: StripeObject
    price: StripeObject
    quantity: Decimal
    start: int
    end: int
    counted_to: int | None = None
    is_free: bool = False


def items_of(store: Store, subscription: StripeObject) -> list[StripeObject]:
    """The subscription's items, the newest first, which is the order of their invoice lines."""
    return store.every("subscription_item", subscription=subscription["id"])


def price_of(store: Store, item: StripeObject) -> StripeObject:
    """The price that a subscription item refers to."""
    price = store.get("price", item["price"])
    if price is None:
        raise LookupError(f"{item['id']} has the price {item['price']}, which is not there")
    return price


def is_metered(price: StripeObject) -> bool:
    """Whether the price bills usage in arrears, rather than a quantity in advance."""
    return bool(price["recurring"]["usage_type"] == "metered")


def ends_by(subscription: StripeObject, at: int) -> bool:
    """Whether the subscription is set to be over at that moment."""
    cancel_at = subscription.get("cancel_at")
    return cancel_at is not None and cancel_at <= at


def first_charges(store: Store, subscription: StripeObject) -> Iterator[Charge]:
    """What a new subscription owes at once: its licensed items; usage has not happened yet."""
    for item in items_of(store, subscription):
        price = price_of(store, item)
        if not is_metered(price):
            start, end = item["current_period_start"], item["current_period_end"]
            yield Charge(item, price, Decimal(item["quantity"]), start, end)


def cycle_charges(
    store: Store, ledger: UsageLedger, subscription: StripeObject, at: int
) -> Iterator[Charge]:
    """What is owed at a period boundary: usage of the period that ends, the next one's plan.

    Items whose own period ends later owe nothing yet.
    """
    if ends_by(subscription, at):
        yield from final_charges(store, ledger, subscription, at)
        return
    for item in items_of(store, subscription):
        price = price_of(store, item)
        if item["current_period_end"] > at:
            continue
        if is_metered(price):
            yield _usage(store, ledger, subscription, item, at)
        else:
            end = next_boundary(subscription["billing_cycle_anchor"], price["recurring"], at)
            yield Charge(item, price, Decimal(item["quantity"]), at, end)


def final_charges(
    store: Store, ledger: UsageLedger, subscription: StripeObject, at: int
) -> Iterator[Charge]:
    """What is still owed when the subscription ends: its usage since the last invoice."""
    for item in items_of(store, subscription):
        if is_metered(price_of(store, item)):
            yield _usage(store, ledger, subscription, item, at)


def measured(store: Store, ledger: UsageLedger, customer: str, charge: Charge) -> Charge:
    """The charge with the usage that counts by now; a licensed one stays as it is."""
    if not is_metered(charge.price):
        return charge
    meter = store.get("billing.meter", charge.price["recurring"]["meter"])
    if meter is None:
        raise LookupError(f"{charge.price['id']} has a meter that is not there")
    until = charge.counted_to or charge.end
    return replace(charge, quantity=ledger.total(meter, customer, charge.start, until))


def _usage(
    store: Store, ledger: UsageLedger, subscription: StripeObject, item: StripeObject, until: int
) -> Charge:
    start = item["current_period_start"]
    charge = Charge(item, price_of(store, item), _NOTHING, start, until)
    return measured(store, ledger, subscription["customer"], charge)
