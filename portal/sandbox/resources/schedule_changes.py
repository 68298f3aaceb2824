"""Changing the phases of a subscription schedule.

https://docs.stripe.com/api/subscription_schedules/update
"""

from collections.abc import Sequence
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.collection import collect
from portal.sandbox.billing.item_changes import Terms
from portal.sandbox.billing.phases import apply_phase
from portal.sandbox.billing.renewal import keep_scheduled
from portal.sandbox.billing.schedule_states import schedule_of
from portal.sandbox.billing.schedules import span_of, when_expiring
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.events import save_change
from portal.sandbox.fields import merged_metadata
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.schedule_shape import new_settings, phase_from, phases_of
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
# A direct change of these makes a phase of its own.
_DIVIDED_BY = ("default_tax_rates", "discounts", "items", "trial_end")
PHASES = " ".join(
    f"phases.{name}"
    for name in ("add_invoice_items.metadata", "add_invoice_items.price",
                 "add_invoice_items.quantity", "add_invoice_items.tax_rates",
                 "billing_cycle_anchor", "billing_thresholds", "collection_method", "currency",
                 "default_payment_method", "default_tax_rates", "description", "discounts",
                 "duration", "end_date", "invoice_settings.days_until_due",
                 "items.billing_thresholds", "items.discounts", "items.metadata", "items.price",
                 "items.price_data", "items.quantity", "items.tax_rates", "metadata",
                 "proration_behavior", "start_date", "trial", "trial_end")
)  # fmt: skip


def update_schedule(
    store: Store, ledger: UsageLedger, schedule: StripeObject, params: StripeObject
) -> StripeObject:
    """The schedule as the request wants it; its subscription follows where it changes now."""
    at = store.now(schedule["customer"])
    draft = replan(store, ledger, schedule, params)
    if draft is not None:
        collect(store, draft, at)
    return lookup.get(store, "subscription_schedule", schedule["id"])


def replan(
    store: Store, ledger: UsageLedger, schedule: StripeObject, params: StripeObject
) -> StripeObject | None:
    """Change the schedule and its subscription; the draft of what that makes due at once."""
    at = store.now(schedule["customer"])
    changed = dict(schedule)
    if "metadata" in params:
        changed["metadata"] = merged_metadata(schedule["metadata"], params["metadata"])
    if "default_settings" in params:
        known = schedule["default_settings"]
        changed["default_settings"] = known | {
            name: value
            for name, value in new_settings(params).items()
            if name in params["default_settings"]
        }
    changed["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    if "phases" in params:
        changed["phases"] = _phases(store, changed, params["phases"], at)
    started = schedule["status"] == "active"
    phase = _at(changed["phases"], at) if started else None
    changed["current_phase"] = None if phase is None else span_of(phase)
    changed["_due_at"] = (
        when_expiring(changed, at) if started else changed["phases"][0]["start_date"]
    )
    save_change(store, "subscription_schedule.updated", changed)
    if phase is None or not {"phases", "end_behavior"} & params.keys():
        return None
    return _follow(store, ledger, changed, phase, params.get("proration_behavior"))


def follow_update(store: Store, subscription: StripeObject) -> None:
    """Divide the phase that is on, where the subscription was changed without its schedule."""
    schedule = schedule_of(store, subscription)
    if schedule is None or schedule["status"] != "active":
        return
    at = store.now(subscription["customer"])
    on = _at(schedule["phases"], at)
    if on is None:
        return
    items = items_of(store, subscription)
    now = on | {name: phase_from(store, subscription, items)[name] for name in _DIVIDED_BY}
    if _meant(store, now) == _meant(store, on):
        return
    place = schedule["phases"].index(on)
    before = [on | {"end_date": at}] if on["start_date"] < at else []
    begins = now | {"start_date": at, "add_invoice_items": []}
    phases = [*schedule["phases"][:place], *before, begins, *schedule["phases"][place + 1 :]]
    moved = schedule | {"current_phase": span_of(begins), "phases": phases}
    save_change(store, "subscription_schedule.updated", moved)


def _follow(
    store: Store,
    ledger: UsageLedger,
    schedule: StripeObject,
    phase: StripeObject,
    behavior: str | None,
) -> StripeObject | None:
    """Let the subscription be what the phase that is on says now."""
    subscription = lookup.get(store, "subscription", schedule["subscription"])
    before, at = presented(store, subscription), store.now(schedule["customer"])
    terms = Terms(at, at, behavior or "create_prorations")
    changed, draft = apply_phase(store, subscription, phase, ledger, terms)
    latest = {} if draft is None else {"latest_invoice": draft["id"]}
    keep_scheduled(store, changed | latest, before)
    return draft


def _phases(
    store: Store, schedule: StripeObject, asked: Sequence[StripeObject], at: int
) -> list[StripeObject]:
    """The phases that are over, and those of the request; these begin with the current one."""
    started = schedule["status"] == "active"
    past = [phase for phase in schedule["phases"] if started and phase["end_date"] <= at]
    asked = list(asked)
    while past and asked and asked[0].get("start_date") in [one["start_date"] for one in past]:
        asked = asked[1:]
    first = asked[0].get("start_date") if asked else None
    if asked and first is None:
        raise Refused(
            "The start date of the first phase must be set.",
            code="parameter_missing",
            param="phases[0][start_date]",
        )
    start = at if first == "now" else int(first or at)
    current = schedule["current_phase"]
    if first == "now" and current is not None and current["start_date"] < at:
        on = _at(schedule["phases"], at) or {}
        past.append(on | {"end_date": at})
    if current is not None and first != "now" and start != current["start_date"]:
        raise Refused(
            "You can not modify the start date of the current phase.", param="phases[0][start_date]"
        )
    if not started and start < at:
        raise Refused(
            "The start date of a schedule that has not started must be in the future.",
            param="phases[0][start_date]",
        )
    subscription = store.get("subscription", schedule["subscription"] or "") or {}
    anchor = subscription.get("billing_cycle_anchor", start)
    phases = phases_of(store, schedule, asked, start, anchor)
    if started and phases[-1]["end_date"] <= at:
        raise Refused(
            "The last phase of a schedule must end in the future.",
            param=f"phases[{len(asked) - 1}][end_date]",
        )
    return past + phases


def _at(phases: Sequence[StripeObject], at: int) -> StripeObject | None:
    """The phase that is on."""
    return next((one for one in phases if one["start_date"] <= at < one["end_date"]), None)


def _meant(store: Store, phase: StripeObject) -> StripeObject:
    """A phase with its discounts by their coupons, however they are named."""
    items = [
        {**item, "discounts": _coupons(store, item["discounts"])}
        for item in sorted(phase["items"], key=lambda item: str(item["price"]))
    ]
    return {**phase, "discounts": _coupons(store, phase["discounts"]), "items": items}


def _coupons(store: Store, discounts: Sequence[StripeObject]) -> list[str]:
    found = []
    for one in discounts:
        code = store.look("promotion_code", one["promotion_code"] or "") or {}
        discount = store.look("discount", one["discount"] or "") or {}
        holders = (code.get("promotion"), discount.get("source"), one)
        found.append(next(str(held["coupon"]) for held in holders if held and held["coupon"]))
    return sorted(found)
