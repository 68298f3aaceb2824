"""A subscription's place in time: its items' periods, its next moment, and its end."""

from typing import Any

from portal.sandbox.billing.charges import items_of, period_end, price_of
from portal.sandbox.billing.segments import billed
from portal.sandbox.events import differences
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
# In these the clock has nothing to bill any more.
_OVER = frozenset(("canceled", "incomplete", "incomplete_expired"))


def next_moment(store: Store, subscription: StripeObject) -> int | None:
    """When something is next to be done: a period ends, or the subscription does; None if over."""
    if subscription["status"] in _OVER:
        return None
    ends = [item["current_period_end"] for item in items_of(store, subscription)]
    if subscription.get("cancel_at") is not None:
        ends.append(subscription["cancel_at"])
    return min(ends, default=None)


def keep_scheduled(
    store: Store, subscription: StripeObject, before: StripeObject | None = None
) -> StripeObject:
    """Keep the subscription with the moment at which the billing cycle looks at it again.

    To be used whenever its periods, its status or its `cancel_at` have changed; an event tells of
    the change. `before` is how it was presented earlier, where that cannot be read any more.
    """
    if before is None:
        before = presented(store, store.get("subscription", subscription["id"]) or subscription)
    kept = store.put(subscription | {"_due_at": next_moment(store, subscription)})
    previous = differences(before, presented(store, kept))
    if previous:
        store.emit("customer.subscription.updated", kept, previous)
    return kept


def start_of_period(store: Store, subscription: StripeObject) -> int:
    """When the period began that the next invoice looks back on."""
    return int(max(item["current_period_start"] for item in items_of(store, subscription)))


def start_periods(store: Store, subscription: StripeObject, at: int) -> None:
    """Let every item's first period begin."""
    for item in items_of(store, subscription):
        _set_period(store, subscription, item, at)


def roll_periods(store: Store, subscription: StripeObject, at: int) -> None:
    """Let the next period begin for the items whose period ends by now."""
    for item in items_of(store, subscription):
        if item["current_period_end"] <= at:
            _set_period(store, subscription, item, at)


def end_subscription(store: Store, subscription: StripeObject, at: int) -> StripeObject:
    """Cancel for good."""
    ended = store.put(
        subscription
        | {
            "canceled_at": subscription["canceled_at"] or at,
            "ended_at": at,
            "status": "canceled",
            "_due_at": None,
        }
    )
    store.emit("customer.subscription.deleted", ended)
    return ended


def _set_period(store: Store, subscription: StripeObject, item: StripeObject, start: int) -> None:
    end = period_end(subscription, price_of(store, item), start)
    store.put(billed(item) | {"current_period_start": start, "current_period_end": end})
