"""What becomes of a subscription when its invoice is paid, or cannot be collected.

https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses. Stripe lets the vendor
choose what follows when the last retry has failed; here it is Stripe's default, which cancels.
"""

from typing import Any

from portal.sandbox.billing import retries
from portal.sandbox.billing.held_updates import abandon, release, waits_for
from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.billing.renewal import end_subscription, is_over, is_tried, keep_scheduled
from portal.sandbox.events import save_change
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
_BEHIND = ("incomplete", "past_due", "unpaid")
# What the vendor has given up is no longer owed, so it does not hold a subscription back.
_SETTLED = ("paid", "uncollectible", "void")


def follow_payment(store: Store, invoice: StripeObject, at: int) -> None:
    """Bring the subscription in line with what became of an invoice of its own.

    Only the latest finalised invoice counts, whatever else is still open. A first invoice that is
    voided instead of paid ends the subscription before it has begun.
    """
    subscription = store.get("subscription", subscription_of(invoice) or "")
    if subscription is None or is_over(subscription):
        return
    if waits_for(subscription, invoice):
        subscription = _decide(store, subscription, invoice)
    if invoice["status"] in _SETTLED:
        if _is_latest(store, subscription, invoice):
            _settled(store, subscription, invoice, at)
    elif is_unpaid(invoice):
        _unpaid(store, subscription, invoice, at)


def miss_due_date(store: Store, invoice: StripeObject) -> None:
    """A sent invoice was not paid by its due date: its subscription is past due."""
    store.put(invoice | {"_due_at": None})
    subscription = store.get("subscription", subscription_of(invoice) or "")
    if subscription is None or subscription["status"] != "active" or invoice["status"] != "open":
        return
    if _is_latest(store, subscription, invoice):
        keep_scheduled(store, subscription | {"status": "past_due"})


def is_unpaid(invoice: StripeObject) -> bool:
    """Whether collecting has failed; an invoice that was only sent has not failed yet."""
    return (invoice["status"], invoice["collection_method"]) == ("open", "charge_automatically")


def good_standing(subscription: StripeObject, at: int) -> str:
    """The status of a subscription that owes nothing."""
    trial_end = subscription["trial_end"]
    return "trialing" if trial_end is not None and trial_end > at else "active"


def go_on(store: Store, subscription: StripeObject, at: int) -> StripeObject:
    """Let a paused subscription be in force again."""
    status = good_standing(subscription, at)
    over = {"status": status, "status_details": None, "_resumes_with": None}
    resumed = store.put(subscription | over | {"_resumes_until": None})
    store.emit("customer.subscription.resumed", resumed)
    return resumed


def expire_incomplete(store: Store, subscription: StripeObject, at: int) -> StripeObject:
    """Give up a subscription whose first invoice was not paid."""
    over = {"status": "incomplete_expired", "ended_at": at, "_due_at": None}
    return save_change(store, "customer.subscription.updated", subscription | over)


def stop_collecting(store: Store, subscription: StripeObject) -> None:
    """Leave the subscription's drafts and open invoices as they are, for good."""
    for invoice in store.every("invoice", customer=subscription["customer"]):
        if subscription_of(invoice) == subscription["id"]:
            leave(store, invoice)


def leave(store: Store, invoice: StripeObject) -> None:
    """Let nothing more happen to a draft or an open invoice by itself."""
    if invoice["status"] in ("draft", "open"):
        stopped = {"auto_advance": False, "next_payment_attempt": None, "_due_at": None}
        save_change(store, "invoice.updated", invoice | stopped)


def _decide(store: Store, subscription: StripeObject, invoice: StripeObject) -> StripeObject:
    """Apply the update that waits for the invoice, or give it up with the invoice."""
    if invoice["status"] == "paid":
        return release(store, subscription)
    if invoice["status"] in _SETTLED:
        return abandon(store, subscription, invoice)
    return subscription


def _settled(store: Store, subscription: StripeObject, invoice: StripeObject, at: int) -> None:
    is_paid = invoice["status"] == "paid"
    if is_paid and subscription.get("_resumes_with") == invoice["id"]:
        before = presented(store, subscription)
        keep_scheduled(store, go_on(store, subscription, at), before)
    elif subscription["status"] == "incomplete" and invoice["status"] == "void":
        expire_incomplete(store, subscription, at)
    elif subscription["status"] in _BEHIND:
        keep_scheduled(store, subscription | {"status": good_standing(subscription, at)})


def _unpaid(store: Store, subscription: StripeObject, invoice: StripeObject, at: int) -> None:
    if is_tried(subscription) or waits_for(subscription, invoice):
        return
    if retries.are_over(invoice) and subscription["status"] in ("active", "past_due"):
        stop_collecting(store, subscription)
        details = subscription["cancellation_details"] | {"reason": "payment_failed"}
        end_subscription(store, subscription | {"cancellation_details": details}, at)
    elif subscription["status"] == "active" and _is_latest(store, subscription, invoice):
        keep_scheduled(store, subscription | {"status": "past_due"})


def _is_latest(store: Store, subscription: StripeObject, invoice: StripeObject) -> bool:
    """Whether no other invoice of the subscription was finalised after this one."""
    for other in store.each("invoice", customer=subscription["customer"]):
        if subscription_of(other) == subscription["id"] and other["status"] != "draft":
            return bool(other["id"] == invoice["id"])
    return True
