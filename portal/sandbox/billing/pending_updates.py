"""Trying an update that counts only if its invoice can be paid (`pending_if_incomplete`).

https://docs.stripe.com/billing/subscriptions/pending-updates
"""

from collections.abc import Callable
from typing import Any

from portal.sandbox.billing.held_updates import begin, hold, settle
from portal.sandbox.billing.invoice_states import void
from portal.sandbox.billing.renewal import CONFIRMED_WITHIN, keep_scheduled
from portal.sandbox.billing.standing import is_unpaid
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
_SUPPORTED = frozenset(
    ("add_invoice_items", "billing_cycle_anchor", "cancel_at_period_end", "discounts", "expand",
     "items", "metadata", "off_session", "payment_behavior", "proration_behavior",
     "proration_date", "trial_end", "trial_from_plan")
)  # fmt: skip


def attempt_update(
    store: Store,
    subscription: StripeObject,
    change: Callable[[StripeObject], StripeObject],
) -> StripeObject:
    """Do the change, collecting included; hold it back if its invoice is not paid.

    `change` takes the subscription as it is and answers what it has kept.
    """
    before, at = presented(store, subscription), store.now(subscription["customer"])
    ends = [item["current_period_end"] for item in items_of(store, subscription)]
    discard_update(store, subscription, at)
    change(begin(store, store.get("subscription", subscription["id"]) or subscription))
    updated = store.get("subscription", subscription["id"]) or subscription
    invoice = store.get("invoice", updated["latest_invoice"] or "")
    is_new = invoice is not None and invoice["id"] != subscription["latest_invoice"]
    if invoice is not None and is_new and is_unpaid(invoice):
        kept = hold(store, updated, invoice["id"], min(at + CONFIRMED_WITHIN, *ends))
    else:
        kept = settle(store, updated)
    return keep_scheduled(store, kept, before)


def discard_update(store: Store, subscription: StripeObject, at: int) -> None:
    """Give up the update that is held for the subscription, if one is: void its invoice."""
    invoice = store.get("invoice", (subscription.get("_held") or {}).get("invoice") or "")
    if invoice is not None and invoice["status"] in ("open", "uncollectible"):
        void(store, invoice, at)


def check_supported(params: StripeObject) -> None:
    """Refuse to hold back what cannot be."""
    for name in sorted(params.keys() - _SUPPORTED):
        raise Refused(
            f"When `payment_behavior` is set to `pending_if_incomplete`, you can't pass `{name}`.",
            param=name,
        )
