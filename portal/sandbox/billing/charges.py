"""What is owed and for which span of time: items and their quantities, before they become lines.

https://docs.stripe.com/billing/invoices/subscription: licensed prices are billed in advance, for
the period that starts; metered ones in arrears, for the period that ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.anchors import anchor_of
from portal.sandbox.billing.billed_early import units_billed
from portal.sandbox.billing.periods import next_boundary, period_holding
from portal.sandbox.billing.segments import unbilled
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.included import items_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Charge:
    """A quantity of one subscription item over a span of time; of a metered one it is measured.

    `counted_to` is until when usage counts, if not to the end of the span. `whole` is how long the
    period is of which the span is only a part, in seconds; the price is for all of it. Before that
    part the span may begin with some `whole_periods`. What is free is billed with the amount 0, as
    a trial is. `billed_early` is how much of the quantity was invoiced already when it reached a
    threshold, if any was.
    """

    item: StripeObject
    price: StripeObject
    quantity: Decimal
    start: int
    end: int
    counted_to: int | None = None
    whole: int | None = None
    whole_periods: int = 0
    is_free: bool = False
    billed_early: Decimal | None = None


def newest_items(store: Store, subscription: StripeObject) -> list[StripeObject]:
    """The subscription's items, the newest first, which is the order of their invoice lines."""
    return store.every("subscription_item", subscription=subscription["id"])


def licensed_items(store: Store, subscription: StripeObject) -> list[StripeObject]:
    """Those of the subscription's items that are paid in advance, in the order of their adding."""
    every = items_of(store, subscription)
    return [item for item in every if not is_metered(price_of(store, item))]


def price_of(store: Store, item: StripeObject) -> StripeObject:
    """The price that a subscription item refers to."""
    return price_named(store, item["price"])


def price_named(store: Store, id: str) -> StripeObject:
    """The price with the id, which something kept refers to."""
    price = store.look("price", id)
    if price is None:
        raise LookupError(f"the price {id} is not there")
    # Nothing changes a price while it is billed, and the tiers of one take long to copy.
    return dict(price)


def is_metered(price: StripeObject) -> bool:
    """Whether the price bills usage in arrears, rather than a quantity in advance."""
    return bool(price["recurring"]["usage_type"] == "metered")


def ends_by(subscription: StripeObject, at: int) -> bool:
    """Whether the subscription is set to be over at that moment."""
    cancel_at = subscription.get("cancel_at")
    return cancel_at is not None and cancel_at <= at


def is_in_trial(subscription: StripeObject, moment: int) -> bool:
    """Whether a free trial covers the moment."""
    trial_end = subscription.get("trial_end")
    return trial_end is not None and moment < trial_end


def period_end(subscription: StripeObject, price: StripeObject, start: int) -> int:
    """When a period that starts then is over: at its boundary, or with the subscription.

    A trial is one period, however long it is.
    """
    end = next_boundary(anchor_of(subscription), price["recurring"], start)
    if is_in_trial(subscription, start):
        end = subscription["trial_end"]
    cancel_at = subscription.get("cancel_at")
    return end if cancel_at is None or cancel_at <= start else min(end, int(cancel_at))


def advance_charge(
    subscription: StripeObject, item: StripeObject, price: StripeObject, start: int, end: int
) -> Charge:
    """A licensed item for a span that is billed in advance; less than a period costs its part."""
    if is_in_trial(subscription, start):
        return Charge(item, price, Decimal(item["quantity"]), start, end, is_free=True)
    whole = period_holding(anchor_of(subscription), price["recurring"], start)
    length = None if whole == (start, end) else whole[1] - whole[0]
    return Charge(item, price, Decimal(item["quantity"]), start, end, whole=length)


def first_charges(store: Store, subscription: StripeObject) -> Iterator[Charge]:
    """What a new subscription owes at once: its licensed items; usage has not happened yet."""
    for item in newest_items(store, subscription):
        price = price_of(store, item)
        if not is_metered(price):
            start, end = item["current_period_start"], item["current_period_end"]
            charge = advance_charge(subscription, item, price, start, end)
            if not is_given(subscription, charge):
                yield charge


def cycle_charges(store: Store, subscription: StripeObject, at: int) -> Iterator[Charge]:
    """What is owed at a period boundary: usage of the period that ends, the next one's plan.

    Items whose own period ends later owe nothing yet.
    """
    if ends_by(subscription, at):
        yield from final_charges(store, subscription, at)
        return
    for item in newest_items(store, subscription):
        if item["current_period_end"] > at:
            continue
        price = price_of(store, item)
        yield from billed_usage(store, subscription, item, at)
        if not is_metered(price):
            charge = advance_charge(
                subscription, item, price, at, period_end(subscription, price, at)
            )
            if not is_given(subscription, charge):
                yield charge


def final_charges(
    store: Store, subscription: StripeObject, at: int, *, counted_to: int | None = None
) -> Iterator[Charge]:
    """What is still owed when the subscription ends: its usage since the last invoice."""
    for item in newest_items(store, subscription):
        yield from billed_usage(store, subscription, item, at, counted_to=counted_to)


def billed_usage(
    store: Store,
    subscription: StripeObject,
    item: StripeObject,
    until: int,
    *,
    counted_to: int | None = None,
) -> Iterator[Charge]:
    """The item's usage; what was used in a trial is shown and costs nothing."""
    for charge in usage_charges(store, item, until, counted_to=counted_to):
        yield replace(charge, is_free=is_in_trial(subscription, charge.start))


def is_given(subscription: StripeObject, charge: Charge) -> bool:
    """Whether the charge is for time before the anchor of a start without prorations."""
    free_until = subscription.get("_free_until")
    return free_until is not None and charge.end <= free_until and not charge.is_free


def usage_charges(
    store: Store, item: StripeObject, until: int, *, counted_to: int | None = None
) -> Iterator[Charge]:
    """The item's usage since it was last billed: a charge for each price that it counted at."""
    segments = list(unbilled(item, until, is_metered=is_metered(price_of(store, item))))
    for segment in segments:
        price = price_named(store, segment.price)
        last = counted_to if segment == segments[-1] else None
        billed = units_billed(item, segment.price, segment.start)
        charge = Charge(item, price, _NOTHING, segment.start, segment.end, billed_early=billed)
        yield replace(charge, counted_to=last)


def measured(store: Store, ledger: UsageLedger, customer: str, charge: Charge) -> Charge:
    """The charge with the usage that counts by now; a licensed one stays as it is."""
    if not is_metered(charge.price):
        return charge
    meter = store.get("billing.meter", charge.price["recurring"]["meter"])
    if meter is None:
        raise LookupError(f"{charge.price['id']} has a meter that is not there")
    until = charge.counted_to or charge.end
    return replace(charge, quantity=ledger.total(meter, customer, charge.start, until))
