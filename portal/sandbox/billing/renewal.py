"""A subscription's place in time: its items' periods, its next moments, and its end."""

from collections.abc import Iterator
from typing import Any

from portal.sandbox.billing.charges import period_end, price_of
from portal.sandbox.billing.periods import next_boundary
from portal.sandbox.billing.schedule_states import follow_end
from portal.sandbox.billing.segments import billed
from portal.sandbox.events import differences
from portal.sandbox.included import items_of
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
_OVER = frozenset(("canceled", "incomplete_expired"))
# In these the clock has nothing to bill, at least for now.
_BILLS_NOTHING = _OVER | {"incomplete", "paused"}
# https://docs.stripe.com/billing/subscriptions/overview: how long a first payment may take.
CONFIRMED_WITHIN = 23 * 3600
# https://docs.stripe.com/billing/subscriptions/trials: how long before its end it is told of.
TRIAL_TOLD_BEFORE = 3 * 24 * 3600


def next_moment(store: Store, subscription: StripeObject) -> int | None:
    """When something is next to be billed: a period ends, or the subscription; None if never."""
    if subscription["status"] in _BILLS_NOTHING:
        return None
    ends = [item["current_period_end"] for item in items_of(store, subscription)]
    if subscription.get("cancel_at") is not None:
        ends.append(subscription["cancel_at"])
    return min(ends, default=None)


def next_visit(store: Store, subscription: StripeObject) -> int | None:
    """When the clock has to look at the subscription again, to bill it or for anything else."""
    if subscription["status"] in _OVER:
        return None
    moments = [next_moment(store, subscription), *_other_moments(store, subscription)]
    return min((moment for moment in moments if moment is not None), default=None)


def is_over(subscription: StripeObject) -> bool:
    """Whether it has ended for good."""
    return subscription["status"] in _OVER


def is_tried(subscription: StripeObject) -> bool:
    """Whether it shows an update that may still be undone (see held_updates.py)."""
    held = subscription.get("_held")
    return held is not None and held["invoice"] is None


def keep_scheduled(
    store: Store, subscription: StripeObject, before: StripeObject | None = None
) -> StripeObject:
    """Keep the subscription with the moment at which the billing cycle looks at it again.

    To be used whenever its periods, its status or its `cancel_at` have changed; an event tells of
    the change. `before` is how it was presented earlier, where that cannot be read any more.
    """
    if before is None:
        before = presented(store, store.get("subscription", subscription["id"]) or subscription)
    kept = store.put(subscription | {"_due_at": next_visit(store, subscription)})
    previous = differences(before, presented(store, kept))
    if previous and not is_tried(kept):
        store.emit("customer.subscription.updated", kept, previous)
    return kept


def with_pending_interval(subscription: StripeObject, at: int) -> StripeObject:
    """The subscription with the moment at which its pending items are next invoiced, if any is."""
    interval = subscription["pending_invoice_item_interval"]
    moment = None if interval is None else next_boundary(at, interval, at)
    return subscription | {"next_pending_invoice_item_invoice": moment}


def start_of_period(store: Store, subscription: StripeObject) -> int:
    """When the period began that the next invoice looks back on."""
    return int(max(item["current_period_start"] for item in items_of(store, subscription)))


def start_periods(store: Store, subscription: StripeObject, at: int) -> None:
    """Let every item's first period begin, or begin anew."""
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
    follow_end(store, ended, at)
    return ended


def _other_moments(store: Store, subscription: StripeObject) -> Iterator[int | None]:
    """What else waits for the clock besides the ends of periods."""
    if subscription["status"] == "incomplete":
        yield subscription["created"] + CONFIRMED_WITHIN
    if subscription["status"] == "paused":
        yield subscription["cancel_at"]
    if is_trial_to_be_told(subscription):
        yield subscription["trial_end"] - TRIAL_TOLD_BEFORE
    for group, name in (("pause_collection", "resumes_at"), ("pending_update", "expires_at")):
        yield (subscription[group] or {}).get(name)
    yield subscription.get("_resumes_until")
    schedule = store.look("subscription_schedule", subscription["schedule"] or "") or {}
    yield (schedule.get("current_phase") or {}).get("end_date")
    if subscription["status"] not in _BILLS_NOTHING:
        yield subscription["next_pending_invoice_item_invoice"]


def is_trial_to_be_told(subscription: StripeObject) -> bool:
    """Whether a trial is on whose end has not been told of yet."""
    told = subscription.get("_trial_told")
    return bool(subscription["status"] == "trialing" and told != subscription["trial_end"])


def _set_period(store: Store, subscription: StripeObject, item: StripeObject, start: int) -> None:
    end = period_end(subscription, price_of(store, item), start)
    store.put(billed(item) | {"current_period_start": start, "current_period_end": end})
