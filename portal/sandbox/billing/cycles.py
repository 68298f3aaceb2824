"""The billing cycle: a subscription's first invoice, its renewals, and what falls due on a clock.

https://docs.stripe.com/billing/subscriptions/usage-based/configure-grace-period
"""

from collections.abc import Callable
from typing import Any

from portal.sandbox.billing.arrivals import heed_usage
from portal.sandbox.billing.charges import cycle_charges, ends_by, first_charges
from portal.sandbox.billing.drafts import (
    complete,
    issue_draft,
    refresh,
    wait_for_usage,
)
from portal.sandbox.billing.invoices import Occasion
from portal.sandbox.billing.payment import require_payment_method, retry
from portal.sandbox.billing.renewal import (
    end_subscription,
    keep_scheduled,
    roll_periods,
    start_of_period,
    start_periods,
)
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]


def start_subscription(
    store: Store, ledger: UsageLedger, subscription: StripeObject
) -> StripeObject:
    """Begin the first period of a subscription that is kept with its items, and bill it.

    The first invoice is finalised and paid at once; there is none when nothing is owed in advance.
    Raises Refused when there is something to charge and nothing to charge it to.
    """
    at = subscription["start_date"]
    start_periods(store, subscription, at)
    charges = list(first_charges(store, subscription))
    if charges:
        occasion = Occasion("subscription_create", at, start=at)
        draft = issue_draft(store, ledger, subscription, charges, occasion, with_pending=True)
        require_payment_method(store, draft)
        charges_now = subscription["collection_method"] == "charge_automatically"
        status = "incomplete" if charges_now else "active"
        store.put(subscription | {"latest_invoice": draft["id"], "status": status})
        complete(store, draft, at)
        subscription = store.get("subscription", subscription["id"]) or subscription
    return keep_scheduled(store, subscription)


def run_due(store: Store, ledger: UsageLedger, upto: int, clock_id: str | None) -> None:
    """Do everything that is due on a clock up to a moment, each thing as of its own moment.

    `clock_id` names a test clock; None is the clock of all customers without one.
    """
    heed_usage(store, ledger)
    while (due := store.first_due(clock_id)) is not None and due["_due_at"] <= upto:
        WHEN_DUE[due["object"]](store, ledger, due)


def advance(store: Store, ledger: UsageLedger, test_clock: StripeObject, to: int) -> StripeObject:
    """Move a test clock forward, standing still at everything that happens on the way."""
    clock_id = test_clock["id"]
    while (due := store.first_due(clock_id)) is not None and due["_due_at"] <= to:
        _set_clock(store, clock_id, due["_due_at"])
        run_due(store, ledger, due["_due_at"], clock_id)
    return _set_clock(store, clock_id, to)


def _renew(store: Store, ledger: UsageLedger, subscription: StripeObject) -> None:
    """Draft the invoice of a period boundary, then begin the next period or end."""
    at, before = subscription["_due_at"], presented(store, subscription)
    charges = list(cycle_charges(store, subscription, at))
    if charges:
        occasion = Occasion("subscription_cycle", at, start_of_period(store, subscription))
        draft = issue_draft(store, ledger, subscription, charges, occasion, with_pending=True)
        wait_for_usage(store, ledger, draft)
        subscription = subscription | {"latest_invoice": draft["id"]}
    if ends_by(subscription, at):
        end_subscription(store, subscription, at)
    else:
        roll_periods(store, subscription, at)
        keep_scheduled(store, subscription, before)


def _advance_invoice(store: Store, ledger: UsageLedger, invoice: StripeObject) -> None:
    """Finalise and collect a draft whose grace is over; try again what could not be collected."""
    if invoice["status"] == "draft":
        complete(store, refresh(store, ledger, invoice), invoice["_due_at"])
    else:
        retry(store, invoice, invoice["_due_at"])


def _set_clock(store: Store, clock_id: str, moment: int) -> StripeObject:
    test_clock = store.get("test_helpers.test_clock", clock_id) or {}
    return store.put(test_clock | {"frozen_time": moment})


# What is done with an object, by its kind, when its `_due_at` has come. It must move that on.
WHEN_DUE: dict[str, Callable[[Store, UsageLedger, StripeObject], object]] = {
    "invoice": _advance_invoice,
    "subscription": _renew,
}
