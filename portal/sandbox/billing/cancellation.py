"""Cancelling a subscription at once.

https://docs.stripe.com/billing/subscriptions/cancel: at a period's end it is the billing cycle
that ends it, by its `cancel_at`.
"""

from typing import Any

from portal.sandbox.billing.charges import final_charges
from portal.sandbox.billing.drafts import complete, issue_draft
from portal.sandbox.billing.invoices import Occasion, subscription_of
from portal.sandbox.billing.renewal import end_subscription, start_of_period
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.events import save_change
from portal.sandbox.refusals import NotSupported
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

    Invoices that are not settled are left alone from now on. `prorate` is refused: the sandbox
    gives no credit for unused time.
    """
    if prorate:
        raise NotSupported("This sandbox does not prorate yet.", param="prorate")
    at = store.now(subscription["customer"])
    stop_collecting(store, subscription)
    if invoice_now:
        subscription = _bill_usage(store, ledger, subscription, at)
    details = subscription["cancellation_details"] | {"reason": "cancellation_requested"}
    return end_subscription(store, subscription | {"cancellation_details": details}, at)


def stop_collecting(store: Store, subscription: StripeObject) -> None:
    """Leave the subscription's drafts and open invoices as they are, for good."""
    for invoice in store.every("invoice", customer=subscription["customer"]):
        is_its = subscription_of(invoice) == subscription["id"]
        if is_its and invoice["status"] in ("draft", "open"):
            stopped = {"auto_advance": False, "next_payment_attempt": None, "_due_at": None}
            save_change(store, "invoice.updated", invoice | stopped)


def _bill_usage(
    store: Store, ledger: UsageLedger, subscription: StripeObject, at: int
) -> StripeObject:
    """Invoice the usage of the period so far, without any grace.

    Spans are half open, and what was used in the very second of the cancellation is owed too.
    """
    charges = list(final_charges(store, subscription, at, counted_to=at + 1))
    if not charges:
        return subscription
    occasion = Occasion("subscription_update", at, start_of_period(store, subscription))
    draft = issue_draft(store, ledger, subscription, charges, occasion, with_pending=True)
    return subscription | {"latest_invoice": complete(store, draft, at)["id"]}
