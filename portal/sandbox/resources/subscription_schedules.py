"""Subscription schedules: https://docs.stripe.com/api/subscription_schedules."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing import schedule_states
from portal.sandbox.billing.cancellation import cancel_subscription
from portal.sandbox.billing.renewal import is_over, keep_scheduled
from portal.sandbox.billing.schedules import ends_at, span_of, when_expiring
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.schedule_changes import PHASES, update_schedule
from portal.sandbox.resources.schedule_shape import new_settings, phase_from, phases_of
from portal.sandbox.resources.schedule_starts import start_when_due
from portal.sandbox.resources.subscription_shape import check_room
from portal.sandbox.resources.subscription_terms import flexible_mode
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_KIND = "subscription_schedule"
_PATH = "/v1/subscription_schedules"
_SETTINGS = (
    "default_settings.billing_cycle_anchor default_settings.billing_thresholds "
    "default_settings.collection_method default_settings.default_payment_method "
    "default_settings.description default_settings.invoice_settings"
)
_TIMES = ("canceled_at", "completed_at", "released_at")
_OF_A_COPY = frozenset(("from_subscription", "metadata", "expand"))


@routes.post(
    _PATH,
    "SubscriptionScheduleCreateParams",
    f"billing_mode customer end_behavior from_subscription metadata start_date {PHASES} "
    f"{_SETTINGS}",
)
def create_schedule(call: Call) -> StripeObject:
    """Schedule phases for a new subscription, now or later, or take over a known one."""
    if "from_subscription" in call.params:
        return _take_over(call)
    if "customer" not in call.params:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    store, params = call.store, call.params
    customer = lookup.named(store, "customer", params["customer"], "customer")
    check_room(store, customer)
    now = store.now(customer)
    start = params.get("start_date", "now")
    start = now if start == "now" else int(start)
    schedule = _blank(store, customer, now) | {
        "billing_mode": _billing_mode(params.get("billing_mode", {}), now),
        "default_settings": new_settings(params),
        "end_behavior": params.get("end_behavior", "release"),
        "metadata": merged_metadata({}, params.get("metadata")),
    }
    schedule["phases"] = phases_of(store, schedule, params.get("phases", ()), start, start)
    if schedule["phases"][0]["end_date"] <= now:
        raise Refused(
            "The first phase of a schedule must end in the future.", param="phases[0][end_date]"
        )
    schedule["_due_at"] = start
    store.put(schedule)
    store.emit("subscription_schedule.created", schedule)
    return schedule if start > now else start_when_due(store, call.ledger, schedule)


@routes.get(
    _PATH,
    "SubscriptionScheduleListParams",
    "canceled_at completed_at created customer released_at scheduled",
)
def list_schedules(call: Call) -> Listing:
    """Schedules, newest first."""
    asked = call.params
    lookup.check_filter(call.store, "customer", asked)
    found = (
        schedule
        for schedule in call.store.each(_KIND, **given(asked, ("customer",)))
        if within(asked.get("created"), schedule["created"])
        and all(name not in asked or _is_within(asked[name], schedule[name]) for name in _TIMES)
        and (
            "scheduled" not in asked or asked["scheduled"] == (schedule["status"] == "not_started")
        )
    )
    return Listing(found, _KIND)


@routes.get(f"{_PATH}/{{id}}", "SubscriptionScheduleRetrieveParams")
def retrieve_schedule(call: Call, id: str) -> StripeObject:
    """The schedule, also when it is over."""
    return lookup.get(call.store, _KIND, id)


@routes.post(
    f"{_PATH}/{{id}}",
    "SubscriptionScheduleUpdateParams",
    f"end_behavior metadata {PHASES} proration_behavior {_SETTINGS}",
)
def change_schedule(call: Call, id: str) -> StripeObject:
    """Replace the phases from the current one on; what that changes now is prorated."""
    schedule = _in_force(call, id, "updated")
    return update_schedule(call.store, call.ledger, schedule, call.params)


@routes.post(f"{_PATH}/{{id}}/release", "SubscriptionScheduleReleaseParams", "preserve_cancel_date")
def release_schedule(call: Call, id: str) -> StripeObject:
    """Let the subscription go on as it is, without further phases."""
    schedule = _in_force(call, id, "released")
    at = call.store.now(schedule["customer"])
    released = schedule_states.release(call.store, schedule, at)
    subscription = call.store.get("subscription", schedule["subscription"] or "")
    if subscription is not None:
        freed = subscription | {"schedule": None}
        set_end = ends_at(schedule, schedule["phases"][-1])
        by_schedule = set_end is not None and set_end == subscription["cancel_at"]
        if by_schedule and not call.params.get("preserve_cancel_date"):
            freed |= {"cancel_at": None, "canceled_at": None}
        keep_scheduled(call.store, freed)
    return released


@routes.post(f"{_PATH}/{{id}}/cancel", "SubscriptionScheduleCancelParams", "invoice_now prorate")
def cancel_schedule(call: Call, id: str) -> StripeObject:
    """Give up the schedule and end its subscription at once."""
    store, schedule = call.store, _in_force(call, id, "canceled")
    canceled = schedule_states.cancel(store, schedule, store.now(schedule["customer"]))
    subscription = store.get("subscription", schedule["subscription"] or "")
    if subscription is not None and not is_over(subscription):
        cancel_subscription(
            store,
            call.ledger,
            subscription,
            invoice_now=call.params.get("invoice_now", True),
            prorate=call.params.get("prorate", True),
        )
    return canceled


def _take_over(call: Call) -> StripeObject:
    """Make a schedule of what a subscription is at present."""
    store, params = call.store, call.params
    for name in sorted(params.keys() - _OF_A_COPY):
        raise Refused(f"You cannot set `{name}` if `from_subscription` is set.", param=name)
    wanted = params["from_subscription"]
    subscription = lookup.named(store, "subscription", wanted, "from_subscription")
    if subscription["schedule"] is not None:
        raise Refused(
            "You cannot migrate a subscription that is already attached to a schedule: "
            f"`{subscription['schedule']}`.",
            param="from_subscription",
        )
    if subscription["status"] in ("canceled", "incomplete", "incomplete_expired", "paused"):
        raise Refused(
            f"You cannot migrate a subscription with the status `{subscription['status']}`.",
            param="from_subscription",
        )
    customer = lookup.get(store, "customer", subscription["customer"])
    now = store.now(customer)
    phase = phase_from(store, subscription, items_of(store, subscription))
    schedule = _blank(store, customer, now) | {
        "billing_mode": dict(subscription["billing_mode"]),
        "current_phase": span_of(phase),
        "default_settings": new_settings({}),
        "end_behavior": "release" if subscription["cancel_at"] is None else "cancel",
        "metadata": merged_metadata({}, params.get("metadata")),
        "phases": [phase],
        "status": "active",
        "subscription": subscription["id"],
    }
    schedule["_currency"] = subscription["currency"]
    schedule["_due_at"] = when_expiring(schedule, now)
    store.put(schedule)
    store.emit("subscription_schedule.created", schedule)
    keep_scheduled(store, subscription | {"schedule": schedule["id"]})
    return schedule


def _blank(store: Store, customer: StripeObject, now: int) -> StripeObject:
    nothing = ("application", "canceled_at", "completed_at", "current_phase", "customer_account",
               "released_at", "released_subscription", "subscription")  # fmt: skip
    return dict.fromkeys(nothing) | {
        "id": store.new_id("sub_sched"),
        "object": _KIND,
        "created": now,
        "customer": customer["id"],
        "livemode": False,
        "pause_schedules": [],
        "phases": [],
        "status": "not_started",
        "test_clock": customer["test_clock"],
        "_currency": customer["currency"],
    }


def _billing_mode(asked: StripeObject, now: int) -> StripeObject:
    if asked.get("type", "flexible") == "classic":
        return {"flexible": None, "type": "classic", "updated_at": None}
    flexible = flexible_mode(asked)
    return {"flexible": flexible, "type": "flexible", "updated_at": now}


def _in_force(call: Call, id: str, what: str) -> StripeObject:
    schedule = lookup.get(call.store, _KIND, id)
    if schedule["status"] not in ("active", "not_started"):
        raise Refused(
            f"This subscription schedule has the status `{schedule['status']}` and cannot be "
            f"{what} any more."
        )
    return schedule


def _is_within(bounds: Any, moment: int | None) -> bool:
    return moment is not None and within(bounds, moment)
