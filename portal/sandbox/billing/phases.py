"""Entering a phase of a subscription schedule: the subscription becomes what the phase says.

https://docs.stripe.com/billing/subscriptions/subscription-schedules. A phase that begins where a
period ends is billed with the invoice of that boundary: the old items' usage, the new items' next
period, and nothing is prorated. Elsewhere it is a change like any other.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from portal.money import round_amount
from portal.rating.price import price_from_stripe
from portal.rating.rate import rate
from portal.sandbox.billing.changing import change_subscription
from portal.sandbox.billing.charges import (
    Charge,
    advance_charge,
    billed_usage,
    is_metered,
    newest_items,
    price_named,
    price_of,
)
from portal.sandbox.billing.invoice_items import add_invoice_item
from portal.sandbox.billing.item_changes import ItemChange, Terms, new_item, resets_anchor
from portal.sandbox.billing.lines import product_of
from portal.sandbox.billing.redemption import Purchase, apply_discounts
from portal.sandbox.billing.renewal import roll_periods
from portal.sandbox.billing.schedule_states import schedule_of
from portal.sandbox.billing.schedules import ends_at
from portal.sandbox.billing.trials import change_trial
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.fields import merged_metadata
from portal.sandbox.included import items_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_TAKEN_OVER = ("billing_thresholds", "default_tax_rates", "description")
_BY_DEFAULT = ("collection_method", "default_payment_method")
_OF_AN_ITEM = ("billing_thresholds", "metadata", "price", "quantity", "tax_rates")


def enter_at_boundary(
    store: Store, subscription: StripeObject, phase: StripeObject, ledger: UsageLedger, at: int
) -> tuple[StripeObject, list[Charge]]:
    """The subscription in the phase, its periods begun, and what the boundary's invoice charges."""
    due = [item for item in newest_items(store, subscription) if item["current_period_end"] <= at]
    charges = [charge for item in due for charge in billed_usage(store, subscription, item, at)]
    changes = phase_changes(store, subscription, phase, at)
    later = [one for one in changes if one.before is not None and one.before not in due]
    now = [one for one in changes if one not in later]
    changed = _in_trial(_with_settings(store, subscription, phase, at), phase, at)
    terms = Terms(at, at, "none", resets_anchor=False)
    if not later and _resets(store, subscription, phase, now):
        changed |= {"billing_cycle_anchor": at}
    store.put(changed)
    roll_periods(store, changed, at)
    rolled = [_rolled(store, one) for one in now]
    changed, _ = change_subscription(store, ledger, changed, rolled, terms)
    store.put(changed)
    if any(one.is_altered for one in later):
        terms = Terms(at, at, _waiting(phase), resets_anchor=False)
        changed, _ = change_subscription(store, ledger, changed, later, terms)
        store.put(changed)
    _add_extras(store, changed, phase, at)
    begun = {one.after["id"] for one in now if one.after is not None}
    return changed, charges + list(_advance(store, changed, begun, at))


def enter_midway(
    store: Store, subscription: StripeObject, phase: StripeObject, ledger: UsageLedger, at: int
) -> tuple[StripeObject, StripeObject | None]:
    """The subscription in the phase, and the draft of what that makes due at once."""
    return apply_phase(
        store, subscription, phase, ledger, Terms(at, at, phase["proration_behavior"])
    )


def apply_phase(
    store: Store, subscription: StripeObject, phase: StripeObject, ledger: UsageLedger, terms: Terms
) -> tuple[StripeObject, StripeObject | None]:
    """Let the subscription be what the phase says from now on, prorated as the terms say."""
    at, begins = terms.at, phase["start_date"] == terms.at
    is_paused = subscription["status"] == "paused"
    resets = begins and not is_paused and phase["billing_cycle_anchor"] == "phase_start"
    trial_end = phase["trial_end"] if (phase["trial_end"] or 0) > at else None
    behavior = terms.behavior if trial_end is None and not is_paused else "none"
    changed = _with_settings(store, subscription, phase, at)
    if begins:
        _add_extras(store, changed, phase, at)
    terms = Terms(at, terms.prorate_at, behavior, resets_anchor=True if resets else None)
    changes = phase_changes(store, subscription, phase, at)
    changed, draft = change_subscription(store, ledger, changed, changes, terms)
    changed = store.put(changed)
    if trial_end is not None:
        changed, draft = change_trial(
            store, ledger, changed, trial_end, phase["proration_behavior"]
        )
    return changed, draft


def phase_changes(
    store: Store, subscription: StripeObject, phase: StripeObject, at: int
) -> list[ItemChange]:
    """What the phase makes of the items: those of the same price stay, of others one takes over."""
    left = items_of(store, subscription)
    changes: list[ItemChange] = []
    unmatched: list[StripeObject] = []
    for wanted in phase["items"]:
        same = next((item for item in left if item["price"] == wanted["price"]), None)
        if same is None:
            unmatched.append(wanted)
        else:
            left.remove(same)
            changes.append(ItemChange(same, _as_wanted(store, subscription, same, wanted)))
    for wanted in unmatched:
        kind = is_metered(price_of(store, wanted))
        known = next((item for item in left if is_metered(price_of(store, item)) == kind), None)
        if known is not None:
            left.remove(known)
        item = known or new_item(store, subscription, at)
        changes.append(ItemChange(known, _as_wanted(store, subscription, item, wanted)))
    return changes + [ItemChange(item, None) for item in left]


def _resets(
    store: Store, subscription: StripeObject, phase: StripeObject, changes: list[ItemChange]
) -> bool:
    """Whether the phase is a new anchor: when it says so, in classic mode also by itself."""
    asked = phase["billing_cycle_anchor"] == "phase_start"
    start = Terms(phase["start_date"], phase["start_date"])
    return asked or resets_anchor(store, subscription, changes, start)


def _rolled(store: Store, change: ItemChange) -> ItemChange:
    """The change of an item whose next period has begun meanwhile."""
    if change.before is None:
        return change
    begun = store.get("subscription_item", change.before["id"]) or change.before
    times = ("_segments", "_usage_from", "current_period_end", "current_period_start")
    after = change.after and {
        **{name: value for name, value in change.after.items() if name not in times},
        **{name: begun[name] for name in times if name in begun},
    }
    return ItemChange(begun, after)


def _advance(
    store: Store, subscription: StripeObject, begun: set[str], at: int
) -> Iterator[Charge]:
    """The licensed ones of the items whose period begins now."""
    for item in newest_items(store, subscription):
        price = price_of(store, item)
        if item["id"] in begun and not is_metered(price):
            yield advance_charge(subscription, item, price, at, item["current_period_end"])


def _waiting(phase: StripeObject) -> str:
    """How items change whose period goes on: what is owed goes on the boundary's invoice."""
    return "none" if phase["proration_behavior"] == "none" else "create_prorations"


def _with_settings(
    store: Store, subscription: StripeObject, phase: StripeObject, at: int
) -> StripeObject:
    """The subscription with everything of the phase besides its items; not kept yet."""
    schedule = schedule_of(store, subscription) or {"end_behavior": "release", "phases": [phase]}
    defaults = schedule.get("default_settings") or {}
    changed = subscription | {name: phase[name] for name in _TAKEN_OVER}
    for name in _BY_DEFAULT:
        changed[name] = phase[name] or defaults.get(name) or subscription[name]
    days = (phase["invoice_settings"] or {}).get("days_until_due")
    changed["days_until_due"] = days if changed["collection_method"] == "send_invoice" else None
    changed["metadata"] = merged_metadata(subscription["metadata"], phase["metadata"])
    end = ends_at(schedule, phase)
    if end != subscription["cancel_at"]:
        changed |= {"cancel_at": end, "canceled_at": None if end is None else at}
    customer = store.get("customer", subscription["customer"]) or {}
    wanted = [_kept_discount(store, subscription, one) for one in phase["discounts"]]
    purchase = Purchase(customer, subscription["currency"])
    return apply_discounts(store, changed, wanted or "", purchase)


def _kept_discount(store: Store, subscription: StripeObject, wanted: StripeObject) -> StripeObject:
    """What a phase says of a discount; one that the subscription has already goes on."""
    for id in subscription["discounts"]:
        known = store.look("discount", id) or {}
        if wanted["coupon"] and (known.get("source") or {}).get("coupon") == wanted["coupon"]:
            return {"discount": id}
    return {name: value for name, value in wanted.items() if value}


def _in_trial(subscription: StripeObject, phase: StripeObject, at: int) -> StripeObject:
    trial_end = phase["trial_end"]
    if trial_end is None or trial_end <= at:
        return subscription
    trial = {"status": "trialing", "trial_end": trial_end, "trial_start": at}
    return subscription | trial | {"billing_cycle_anchor": trial_end}


def _as_wanted(
    store: Store, subscription: StripeObject, item: StripeObject, wanted: StripeObject
) -> StripeObject:
    changed = item | {name: wanted[name] for name in _OF_AN_ITEM if name in wanted}
    changed["quantity"] = wanted.get("quantity")
    customer = store.get("customer", subscription["customer"]) or {}
    purchase = Purchase(customer, subscription["currency"])
    asked = [_kept_discount(store, item, one) for one in wanted["discounts"]]
    return apply_discounts(store, changed, asked or "", purchase)


def _add_extras(store: Store, subscription: StripeObject, phase: StripeObject, at: int) -> None:
    """What the phase bills once, when it begins."""
    customer = store.get("customer", subscription["customer"]) or {}
    for extra in phase["add_invoice_items"]:
        price, quantity = price_named(store, extra["price"]), Decimal(extra["quantity"])
        rated = rate(price_from_stripe(price, subscription["currency"]), quantity)
        add_invoice_item(
            store,
            customer,
            amount=round_amount(rated.exact),
            at=at,
            currency=subscription["currency"],
            description=product_of(store, price)["name"],
            metadata=extra["metadata"],
            period=(at, phase["end_date"]),
            price=price,
            quantity=quantity,
            subscription=subscription["id"],
            tax_rates=extra["tax_rates"],
            unit_amount_decimal=rated.price.unit_amount_decimal,
        )
