"""Billing thresholds: usage that is invoiced as soon as it has cost, or come to, so much.

https://docs.stripe.com/billing/subscriptions/usage-based/thresholds. Usage goes on counting in its
period, unless the subscription resets its anchor: then the period is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.billed_early import with_units_billed
from portal.sandbox.billing.charges import (
    Charge,
    advance_charge,
    is_in_trial,
    is_metered,
    measured,
    newest_items,
    period_end,
    price_of,
    usage_charges,
)
from portal.sandbox.billing.collection import collect
from portal.sandbox.billing.drafts import issue_draft
from portal.sandbox.billing.invoices import Occasion
from portal.sandbox.billing.parents import subscription_item_of
from portal.sandbox.billing.renewal import (
    keep_scheduled,
    next_moment,
    start_of_period,
    start_periods,
)
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.included import lines_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NOTHING = Decimal(0)
# So that two invoices do not come on one day.
_NOT_BEFORE_THE_END = 24 * 3600
_BILLED = ("active", "past_due")


@dataclass(frozen=True, slots=True)
class _Accrued:
    """The usage of a subscription that no invoice has billed yet, at a moment."""

    subscription: StripeObject
    charges: list[Charge]
    at: int


@dataclass(frozen=True, slots=True)
class _Reached:
    """What has been reached: the amount, if that, and the items with so many units."""

    amount: int | None
    items: tuple[StripeObject, ...]


def bill_reached(store: Store, ledger: UsageLedger, customer: str) -> None:
    """Invoice the subscriptions of a customer whose usage has reached a threshold."""
    # Few customers have any, and this is asked whenever anything has been used.
    known = store.look_each("subscription", customer=customer)
    ids = [one["id"] for one in known if _has_thresholds(store, one)]
    for subscription in filter(None, (store.get("subscription", id) for id in ids)):
        at = store.now(customer)
        if _is_looked_at(store, subscription, at):
            accrued = _accrued(store, ledger, subscription, at)
            reached = _reached(store, ledger, accrued)
            if reached is not None:
                _bill(store, ledger, accrued, reached)


def _has_thresholds(store: Store, subscription: Mapping[str, Any]) -> bool:
    items = store.look_each("subscription_item", subscription=subscription["id"])
    return any(one["billing_thresholds"] for one in (subscription, *items))


def _is_looked_at(store: Store, subscription: StripeObject, at: int) -> bool:
    if subscription["status"] not in _BILLED or is_in_trial(subscription, at):
        return False
    end = next_moment(store, subscription)
    return end is not None and at < end - _NOT_BEFORE_THE_END


def _accrued(store: Store, ledger: UsageLedger, subscription: StripeObject, at: int) -> _Accrued:
    """What has been used up to the end of the second that has begun."""
    charges = [
        measured(store, ledger, subscription["customer"], charge)
        for item in newest_items(store, subscription)
        for charge in usage_charges(store, item, at, counted_to=at + 1)
    ]
    return _Accrued(subscription, charges, at)


def _reached(store: Store, ledger: UsageLedger, accrued: _Accrued) -> _Reached | None:
    subscription = accrued.subscription
    amount = (subscription["billing_thresholds"] or {}).get("amount_gte")
    if amount is not None and _costs(store, ledger, accrued) < amount:
        amount = None
    found = newest_items(store, subscription)
    items = tuple(item for item in found if _has_reached(item, accrued.charges))
    return _Reached(amount, items) if items or amount is not None else None


def _costs(store: Store, ledger: UsageLedger, accrued: _Accrued) -> int:
    """What an invoice would come to now, after discounts and credits and without taxes."""
    with store.speculating():
        draft = _draft(store, ledger, accrued, accrued.charges)
    return int(draft["total_excluding_tax"])


def _has_reached(item: StripeObject, charges: list[Charge]) -> bool:
    wanted = (item["billing_thresholds"] or {}).get("usage_gte")
    own = [charge for charge in charges if charge.item["id"] == item["id"]]
    unbilled = sum((one.quantity - (one.billed_early or 0) for one in own), _NOTHING)
    return wanted is not None and unbilled >= int(wanted)


def _bill(store: Store, ledger: UsageLedger, accrued: _Accrued, reached: _Reached) -> None:
    """Issue the invoice, which has no grace, and go on with the period or with a new one."""
    subscription, charges, at = accrued.subscription, accrued.charges, accrued.at
    thresholds = subscription["billing_thresholds"] or {}
    resets = bool(thresholds.get("reset_billing_cycle_anchor"))
    if resets:
        subscription = subscription | {"billing_cycle_anchor": at}
        charges = [*charges, *_next_period(store, subscription, at)]
    draft = _draft(store, ledger, accrued, charges)
    draft = store.put(draft | {"threshold_reason": _reason(store, draft, reached)})
    if resets:
        start_periods(store, subscription, at)
    _remember(store, accrued, resets=resets)
    keep_scheduled(store, subscription | {"latest_invoice": draft["id"]})
    collect(store, draft, at)


def _draft(
    store: Store, ledger: UsageLedger, accrued: _Accrued, charges: list[Charge]
) -> StripeObject:
    start = start_of_period(store, accrued.subscription)
    occasion = Occasion("subscription_threshold", accrued.at, start)
    return issue_draft(store, ledger, accrued.subscription, charges, occasion, with_pending=True)


def _next_period(store: Store, subscription: StripeObject, at: int) -> list[Charge]:
    """The plan of the period that begins, as at the end of any other."""
    priced = [(item, price_of(store, item)) for item in newest_items(store, subscription)]
    return [
        advance_charge(subscription, item, price, at, period_end(subscription, price, at))
        for item, price in priced
        if not is_metered(price)
    ]


def _remember(store: Store, accrued: _Accrued, *, resets: bool) -> None:
    """Let the items know what is billed, or that their new period starts after what was."""
    for item in newest_items(store, accrued.subscription):
        own = [charge for charge in accrued.charges if charge.item["id"] == item["id"]]
        if own and resets:
            store.put(item | {"_usage_from": accrued.at + 1})
        elif own:
            store.put(with_units_billed(item, own))


def _reason(store: Store, draft: StripeObject, reached: _Reached) -> StripeObject:
    lines = lines_of(store, draft)
    return {
        "amount_gte": reached.amount,
        "item_reasons": [
            {
                "line_item_ids": [
                    line["id"] for line in lines if subscription_item_of(line) == item["id"]
                ],
                "usage_gte": item["billing_thresholds"]["usage_gte"],
            }
            for item in reached.items
        ],
    }
