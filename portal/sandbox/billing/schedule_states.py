"""What becomes of a subscription schedule: released, completed, canceled or aborted.

https://docs.stripe.com/api/subscription_schedules/object
"""

from typing import Any

from portal.sandbox.events import save_change
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_OVER = {"current_phase": None, "_due_at": None}


def schedule_of(store: Store, subscription: StripeObject) -> StripeObject | None:
    """The schedule that manages the subscription, if one does."""
    return store.get("subscription_schedule", subscription["schedule"] or "")


def release(store: Store, schedule: StripeObject, at: int) -> StripeObject:
    """Let go of the subscription, which goes on by itself."""
    left = {"released_subscription": schedule["subscription"], "subscription": None}
    return _closed(store, schedule | left, "released", at)


def complete(store: Store, schedule: StripeObject, at: int) -> StripeObject:
    """All phases are over; a subscription that goes on does so by itself."""
    left: StripeObject = {}
    if schedule["end_behavior"] != "cancel":
        left = {"released_subscription": schedule["subscription"], "subscription": None}
    return _closed(store, schedule | left, "completed", at)


def cancel(store: Store, schedule: StripeObject, at: int) -> StripeObject:
    """The schedule is given up, and its subscription with it."""
    return _closed(store, schedule, "canceled", at)


def follow_end(store: Store, subscription: StripeObject, at: int) -> None:
    """Close the schedule of a subscription that has ended, by it or otherwise."""
    schedule = schedule_of(store, subscription)
    if schedule is None or schedule["status"] != "active":
        return
    if schedule["end_behavior"] == "cancel" and schedule["phases"][-1]["end_date"] <= at:
        complete(store, schedule, at)
    elif subscription["cancellation_details"]["reason"] == "payment_failed":
        aborted = schedule | _OVER | {"status": "canceled", "canceled_at": at}
        save_change(store, "subscription_schedule.updated", aborted)
        store.emit("subscription_schedule.aborted", aborted)
    else:
        cancel(store, schedule, at)


def _closed(store: Store, schedule: StripeObject, status: str, at: int) -> StripeObject:
    closed = schedule | _OVER | {"status": status, f"{status}_at": at}
    save_change(store, "subscription_schedule.updated", closed)
    store.emit(f"subscription_schedule.{status}", closed)
    return closed
