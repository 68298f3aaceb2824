"""Which items a change touches, from when, and which periods they are in after it.

https://docs.stripe.com/billing/subscriptions/change-price and, for what differs between the two
billing modes, https://docs.stripe.com/billing/subscriptions/billing-mode/compare
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.anchors import anchor_of
from portal.sandbox.billing.charges import is_metered, period_end, price_of
from portal.sandbox.billing.periods import period_holding
from portal.sandbox.billing.proration import is_flexible
from portal.sandbox.included import items_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item as it was and as it is to be; one that is added was not, one removed will not be."""

    before: StripeObject | None
    after: StripeObject | None

    @property
    def is_altered(self) -> bool:
        """Whether what the item costs may differ: metadata and the like do not count."""
        before, after = self.before, self.after
        if before is None or after is None:
            return True
        return any(before[name] != after[name] for name in ("price", "quantity"))


@dataclass(frozen=True, slots=True)
class Terms:
    """When a change happens, from when it is prorated, and how that is billed.

    `behavior` is Stripe's `proration_behavior`. With `resets_anchor` all periods start anew; None
    leaves that to the billing mode.
    """

    at: int
    prorate_at: int
    behavior: str = "create_prorations"
    resets_anchor: bool | None = None

    @property
    def prorates(self) -> bool:
        """Whether there are credits and debits at all."""
        return self.behavior != "none"


def is_trialing(subscription: StripeObject) -> bool:
    """Whether it is free at present, so that nothing is prorated."""
    return bool(subscription["status"] == "trialing")


def items_after(
    store: Store, subscription: StripeObject, changes: Iterable[ItemChange]
) -> list[StripeObject]:
    """The items that the subscription is going to have."""
    items = {item["id"]: item for item in items_of(store, subscription)}
    for change in changes:
        if change.before is not None:
            del items[change.before["id"]]
        if change.after is not None:
            items[change.after["id"]] = change.after
    return list(items.values())


def new_item(store: Store, subscription: StripeObject, at: int) -> StripeObject:
    """An item for the subscription, without a price, a quantity and a period yet; not kept."""
    return {
        "id": store.new_id("si"),
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": at,
        "current_period_end": None,
        "current_period_start": None,
        "current_trial": None,
        "discounts": [],
        "metadata": {},
        "subscription": subscription["id"],
        "tax_rates": [],
    }


def resets_anchor(
    store: Store, subscription: StripeObject, changes: Iterable[ItemChange], terms: Terms
) -> bool:
    """Whether all periods start anew: when asked for, in classic mode also by itself.

    There it happens when a price recurs differently than the one it replaces, and when free
    prices become paid ones (https://docs.stripe.com/billing/subscriptions/billing-cycle).
    """
    if terms.resets_anchor is not None:
        return terms.resets_anchor
    if is_flexible(subscription) or is_trialing(subscription):
        return False
    changed = list(changes)
    return any(recurs_anew(store, change) for change in changed) or _begins_to_cost(store, changed)


def recurs_anew(store: Store, change: ItemChange) -> bool:
    """Whether the item's price is replaced by one with another interval."""
    if change.before is None or change.after is None:
        return False
    return _interval(store, change.before) != _interval(store, change.after)


def placed(
    store: Store,
    before: StripeObject,
    after: StripeObject,
    change: ItemChange,
    at: int,
) -> StripeObject | None:
    """The changed item in its period; `before` and `after` are the subscription then and now."""
    item = change.after
    if item is None:
        return None
    start, end = _period(store, before, after, change, at)
    return item | {"current_period_start": start, "current_period_end": end}


def prorated_from(change: ItemChange, moment: int) -> tuple[int | None, int | None]:
    """From when the item is credited and from when debited; None is not at all.

    An altered item is both from the moment on. One whose period only became shorter, as the
    subscription ends earlier, is credited for what was cut off; a longer one is debited the rest.
    """
    before, after = change.before, change.after
    if before is None or after is None or change.is_altered:
        return inside_period(before, moment), inside_period(after, moment)
    was, becomes = before["current_period_end"], after["current_period_end"]
    return (becomes if becomes < was else None), (was if becomes > was else None)


def inside_period(item: StripeObject | None, moment: int) -> int | None:
    """The moment, or the item's period's start when that is later; None when the period is over.

    The clock may not have come by yet to begin the next one.
    """
    if item is None or moment >= item["current_period_end"]:
        return None
    return max(moment, int(item["current_period_start"]))


def _period(
    store: Store, before: StripeObject, after: StripeObject, change: ItemChange, at: int
) -> tuple[int, int]:
    was, price = change.before, price_of(store, change.after or {})
    if after["billing_cycle_anchor"] != before["billing_cycle_anchor"]:
        return at, period_end(after, price, at)
    if is_trialing(after):
        start = was["current_period_start"] if was else at
        return start, period_end(after, price, start)
    if was is not None and not recurs_anew(store, change):
        start, end = was["current_period_start"], was["current_period_end"]
        if before["cancel_at"] != after["cancel_at"]:
            end = period_end(after, price, start)
        return start, end
    start, _ = period_holding(anchor_of(after), price["recurring"], at)
    return max(start, after["start_date"]), period_end(after, price, at)


def _interval(store: Store, item: StripeObject) -> tuple[str, int]:
    recurring = price_of(store, item)["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _begins_to_cost(store: Store, changes: list[ItemChange]) -> bool:
    was = [_is_free(store, change.before) for change in changes if change.before]
    becomes = [_is_free(store, change.after) for change in changes if change.after]
    return bool(was) and all(was) and not all(becomes)


def _is_free(store: Store, item: StripeObject) -> bool:
    price = price_of(store, item)
    amount = price["unit_amount_decimal"]
    return not is_metered(price) and amount is not None and Decimal(amount) == 0
