"""Cancelling a subscription at once.

https://docs.stripe.com/billing/subscriptions/cancel: at a period's end it is the billing cycle
that ends it, by its `cancel_at`.
"""

from typing import Any

from portal.sandbox.billing.charges import final_charges
from portal.sandbox.billing.collection import collect
from portal.sandbox.billing.drafts import issue_draft
from portal.sandbox.billing.invoice_items import has_pending, pending_items
from portal.sandbox.billing.invoices import Occasion
from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.billing.renewal import end_subscription, start_of_period
from portal.sandbox.billing.standing import stop_collecting
from portal.sandbox.billing.unused_time import credit_unused_time
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def cancel_subscription(
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    *,
    invoice_now: bool,
    prorate: bool,
) -> StripeObject:
    """End the subscription now. Without `invoice_now` usage since the last invoice is dropped.

    With `prorate` the unused time is credited: on that invoice, or pending where there is none.
    With neither, prorations that still wait are dropped as well. Invoices that are not settled
    are left alone from now on.
    """
    at = store.now(subscription["customer"])
    stop_collecting(store, subscription)
    if prorate:
        credit_unused_time(store, subscription, at)
    if invoice_now:
        subscription = _bill_the_rest(store, ledger, subscription, at)
    elif not prorate:
        _drop_prorations(store, subscription)
    details = subscription["cancellation_details"] | {"reason": "cancellation_requested"}
    # An end that was scheduled for later is no longer told of.
    unscheduled = {"cancel_at": None, "cancel_at_period_end": False}
    ended = subscription | unscheduled | {"cancellation_details": details}
    return end_subscription(store, ended, at)


def _drop_prorations(store: Store, subscription: StripeObject) -> None:
    """Forget what waits of earlier changes; other invoice items stay with the customer."""
    for item in pending_items(store, subscription["customer"], subscription["id"]):
        if item["proration"] and subscription_of(item) == subscription["id"]:
            store.delete("invoiceitem", item["id"])
            store.emit("invoiceitem.deleted", item)


def _bill_the_rest(
    store: Store, ledger: UsageLedger, subscription: StripeObject, at: int
) -> StripeObject:
    """Invoice the usage of the period so far, without any grace, and all that waits.

    Spans are half open, and what was used in the very second of the cancellation is owed too.
    """
    charges = list(final_charges(store, subscription, at, counted_to=at + 1))
    if not charges and not has_pending(store, subscription):
        return subscription
    occasion = Occasion("subscription_update", at, start_of_period(store, subscription))
    draft = issue_draft(store, ledger, subscription, charges, occasion, with_pending=True)
    return subscription | {"latest_invoice": collect(store, draft, at)["id"]}
