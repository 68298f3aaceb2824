"""Subscription schedules on their way: which phase is on, what comes next, how they end.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from typing import Any

from portal.sandbox.billing.periods import next_boundary, period_holding
from portal.sandbox.billing.schedule_states import complete, schedule_of
from portal.sandbox.events import save_change
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# https://docs.stripe.com/api/events/types#event_types-subscription_schedule.expiring
EXPIRES_SOON = 7 * 24 * 3600


def begin_next_phase(
    store: Store, subscription: StripeObject, at: int
) -> tuple[StripeObject, StripeObject | None]:
    """Move the subscription's schedule on if its phase is over by now.

    Answers the subscription and the phase that begins, which it has to enter; there is none when
    the phase goes on, and after the last one, with which the schedule lets the subscription go.
    """
    schedule = schedule_of(store, subscription)
    phase_on = (schedule or {}).get("current_phase")
    if schedule is None or phase_on is None or phase_on["end_date"] > at:
        return subscription, None
    phase = next(
        (one for one in schedule["phases"] if one["start_date"] >= phase_on["end_date"]), None
    )
    if phase is not None:
        moved = schedule | {"current_phase": span_of(phase)}
        save_change(store, "subscription_schedule.updated", moved)
        return subscription, phase
    if schedule["end_behavior"] == "cancel":
        return subscription, None
    complete(store, schedule, at)
    return store.put(subscription | {"schedule": None}), None


def span_of(phase: StripeObject) -> StripeObject:
    """A phase as `current_phase` shows it."""
    return {"end_date": phase["end_date"], "start_date": phase["start_date"]}


def is_last(schedule: StripeObject, phase: StripeObject) -> bool:
    """Whether nothing comes after the phase."""
    return bool(phase["end_date"] == schedule["phases"][-1]["end_date"])


def ends_at(schedule: StripeObject, phase: StripeObject) -> int | None:
    """When a subscription in the phase is to be canceled by its schedule; None if it is not."""
    cancels = schedule["end_behavior"] == "cancel" and is_last(schedule, phase)
    return int(phase["end_date"]) if cancels else None


def when_expiring(schedule: StripeObject, now: int) -> int | None:
    """When to tell that the schedule ends soon, if that is still to come."""
    moment = schedule["phases"][-1]["end_date"] - EXPIRES_SOON
    return int(moment) if moment > now else None


def tell_expiring(store: Store, schedule: StripeObject) -> None:
    """Tell that the schedule ends in seven days."""
    store.emit("subscription_schedule.expiring", store.put(schedule | {"_due_at": None}))


def after_duration(start: int, duration: StripeObject, anchor: int) -> int:
    """When a phase is over that lasts so many intervals.

    Where the phase starts at a boundary of the billing cycle it also ends at one.
    """
    single = {"interval": duration["interval"], "interval_count": 1}
    aligned = period_holding(anchor, single, start)[0] == start
    moment = start
    for _ in range(duration["interval_count"]):
        moment = next_boundary(anchor if aligned else start, single, moment)
    return moment
