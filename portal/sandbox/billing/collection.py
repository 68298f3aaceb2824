"""Collecting a finalised invoice, unless its subscription's payment collection is paused.

https://docs.stripe.com/billing/subscriptions/pause-payment: the subscription goes on meanwhile,
and what becomes of its invoices is for the vendor to choose.
"""

from typing import Any

from portal.sandbox.billing.invoice_states import mark_uncollectible, void
from portal.sandbox.billing.invoices import finalize
from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.billing.payment import pay
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_LEFT_ALONE = ("automatically_finalizes_at", "next_payment_attempt", "_due_at")
_INSTEAD = {"mark_uncollectible": mark_uncollectible, "void": void}


def collect(store: Store, draft: StripeObject, at: int) -> StripeObject:
    """Finalise the draft and try to collect it, or do what a pause of collection wants instead."""
    behavior = pause_behavior(store, draft)
    if behavior == "keep_as_draft":
        kept = {"auto_advance": False, **dict.fromkeys(_LEFT_ALONE)}
        return store.put(draft | kept)
    opened = finalize(store, draft, at)
    if behavior is None or opened["amount_remaining"] <= 0:
        tried = pay(store, opened, at)
        # The clock looks at a sent invoice again on the day by which it is to be paid.
        is_owed = tried["status"] == "open" and tried["collection_method"] == "send_invoice"
        return store.put(tried | {"_due_at": tried["due_date"]}) if is_owed else tried
    return _INSTEAD[behavior](store, opened, at)


def pause_behavior(store: Store, invoice: StripeObject) -> str | None:
    """What is done with the invoice instead of collecting it; None when it is collected."""
    subscription = store.look("subscription", subscription_of(invoice) or "") or {}
    behavior: str | None = (subscription.get("pause_collection") or {}).get("behavior")
    return behavior
