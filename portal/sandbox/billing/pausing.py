"""Pausing a subscription and resuming it.

https://docs.stripe.com/billing/subscriptions/pause: while it is paused it bills nothing. That its
invoices are merely not collected is another pause (collection.py).
"""

from dataclasses import dataclass
from typing import Any

from portal.sandbox.billing.charges import (
    Charge,
    final_charges,
    first_charges,
    licensed_items,
)
from portal.sandbox.billing.collection import collect
from portal.sandbox.billing.deferred import defer
from portal.sandbox.billing.drafts import issue_draft
from portal.sandbox.billing.invoice_items import pending_items
from portal.sandbox.billing.invoice_states import void
from portal.sandbox.billing.invoices import Occasion
from portal.sandbox.billing.proration import Prorations
from portal.sandbox.billing.renewal import (
    CONFIRMED_WITHIN,
    keep_scheduled,
    start_of_period,
    start_periods,
)
from portal.sandbox.billing.segments import dropped
from portal.sandbox.billing.standing import go_on
from portal.sandbox.billing.trials import pause
from portal.sandbox.billing.unused_time import credit_unused_time
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.included import items_of
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
_REASON = "subscription_update"


@dataclass(frozen=True, slots=True)
class PauseTerms:
    """What is settled when a subscription is paused, in the words of Stripe's `bill_for`."""

    usage_through: str = "now"
    unused_from: str = "now"
    invoicing: str = "pending_invoice_item"


@dataclass(frozen=True, slots=True)
class ResumeTerms:
    """How a subscription goes on: `prorate_at` counts where the anchor stays as it was."""

    at: int
    prorate_at: int
    resets_anchor: bool = True
    proration_behavior: str = "create_prorations"
    waits_for_payment: bool = False


def pause_subscription(
    store: Store, ledger: UsageLedger, subscription: StripeObject, terms: PauseTerms
) -> StripeObject:
    """Stop the subscription now; its unused time is credited and its usage is billed."""
    at, before = store.now(subscription["customer"]), presented(store, subscription)
    usage: list[Charge] = []
    if terms.usage_through == "now":
        # What was used in the very second of the pause is owed too.
        usage = list(final_charges(store, subscription, at, counted_to=at + 1))
    since = start_of_period(store, subscription)
    if terms.unused_from != "none":
        from_start = terms.unused_from != "now"
        credit_unused_time(store, subscription, at, from_start=from_start)
    if terms.invoicing == "invoice":
        draft = _draft(store, ledger, subscription, usage, Occasion(_REASON, at, since))
        if draft is not None:
            subscription = store.put(subscription | {"latest_invoice": draft["id"]})
            collect(store, draft, at)
            subscription = store.get("subscription", subscription["id"]) or subscription
    else:
        for charge in usage:
            defer(store, ledger, subscription, charge, at)
    for item in items_of(store, subscription):
        store.put(item | dropped(at))
    return keep_scheduled(store, pause(store, subscription, at, "pause_requested"), before)


def resume_subscription(
    store: Store, ledger: UsageLedger, subscription: StripeObject, terms: ResumeTerms
) -> StripeObject:
    """Let the subscription go on and bill what it owes in advance from now on.

    It may stay paused until that has been paid.
    """
    at, before = terms.at, presented(store, subscription)
    anchor = {"billing_cycle_anchor": at} if terms.resets_anchor else {}
    subscription = store.put(subscription | anchor)
    start_periods(store, subscription, at)
    draft = _resumption(store, ledger, subscription, terms)
    if draft is not None:
        subscription = subscription | {"latest_invoice": draft["id"]}
    if draft is not None and terms.waits_for_payment and draft["amount_due"] > 0:
        waits_until = at + CONFIRMED_WITHIN
        subscription |= {"_resumes_with": draft["id"], "_resumes_until": waits_until}
        store.put(subscription)
    else:
        subscription = go_on(store, subscription, at)
    if draft is not None:
        collect(store, draft, at)
    kept = store.get("subscription", subscription["id"]) or subscription
    return keep_scheduled(store, kept, before)


def give_up_resuming(store: Store, subscription: StripeObject, at: int) -> StripeObject:
    """Leave a subscription paused whose resumption was not paid in time."""
    invoice = store.get("invoice", subscription["_resumes_with"])
    subscription = store.put(subscription | {"_resumes_with": None, "_resumes_until": None})
    if invoice is not None and invoice["status"] == "open":
        void(store, invoice, at)
    return subscription


def _resumption(
    store: Store, ledger: UsageLedger, subscription: StripeObject, terms: ResumeTerms
) -> StripeObject | None:
    """The draft of what is owed when a subscription goes on, if that is invoiced now.

    With a new anchor that is a whole period, otherwise the rest of the one that is on.
    """
    occasion = Occasion(_REASON, terms.at, terms.at)
    if terms.resets_anchor:
        charges = list(first_charges(store, subscription))
        return _draft(store, ledger, subscription, charges, occasion) if charges else None
    if terms.proration_behavior == "none":
        return None
    items = licensed_items(store, subscription)
    prorations = Prorations(store, subscription, items, terms.at)
    for item in items:
        prorations.debit(item, terms.prorate_at)
    if terms.proration_behavior == "create_prorations":
        return None
    return _draft(store, ledger, subscription, [], occasion)


def _draft(
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    charges: list[Charge],
    occasion: Occasion,
) -> StripeObject | None:
    """The invoice of these charges and of everything that is pending; None if it were empty."""
    if not charges and not pending_items(store, subscription["customer"], subscription["id"]):
        return None
    return issue_draft(store, ledger, subscription, charges, occasion, with_pending=True)
