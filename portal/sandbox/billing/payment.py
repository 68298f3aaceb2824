"""Collecting an open invoice with the customer's default card, and what follows when it fails.

https://docs.stripe.com/billing/subscriptions/payment-methods-setting#payment-method-priority
"""

from typing import Any

from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NEEDS_AUTHENTICATION = "authentication_required"


def pay(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """Try to collect an open invoice; the answer's status says whether that worked.

    Nothing due is paid at once. An invoice that is sent to the customer waits for them.
    """
    if invoice["amount_due"] == 0:
        return _paid(store, invoice, at)
    if invoice["collection_method"] == "send_invoice":
        return invoice
    decline = decline_of(store, invoice)
    return _failed(store, invoice, at, decline) if decline else _collected(store, invoice, at)


def decline_of(store: Store, invoice: StripeObject) -> StripeObject | None:
    """Why the invoice cannot be collected, as fields of an error; None when it can."""
    payment_method = _payment_method(store, invoice)
    if payment_method is None:
        return {"code": "missing", "message": "There is nothing to pay with."}
    reason: StripeObject | None = payment_method["_charge"]
    return reason


def require_payment_method(store: Store, invoice: StripeObject) -> None:
    """Refuse to charge a customer who has nothing to pay with, as creating a subscription does."""
    charges = invoice["amount_due"] > 0 and invoice["collection_method"] == "charge_automatically"
    if charges and _payment_method(store, invoice) is None:
        raise Refused(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method. For more information, visit "
            "https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
            "#payment-method-priority.",
            code="resource_missing",
            decided=True,
        )


def _payment_method(store: Store, invoice: StripeObject) -> StripeObject | None:
    """The one the invoice would be paid with: its own, its subscription's or its customer's."""
    details = invoice["parent"]["subscription_details"]
    subscription = store.get("subscription", details["subscription"]) or {}
    customer = store.get("customer", invoice["customer"]) or {}
    settings = customer.get("invoice_settings", {})
    for holder in (invoice, subscription, settings):
        found = store.get("payment_method", holder.get("default_payment_method") or "")
        if found is not None and found["customer"] == invoice["customer"]:
            return found
    return None


def _collected(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    payment = _invoice_payment(store, invoice, at, paid=True)
    store.emit("invoice_payment.paid", payment)
    due = invoice["amount_due"]
    amounts = {"amount_paid": due, "amount_remaining": 0}
    attempts = invoice["attempt_count"] + 1
    return _paid(store, invoice | amounts | {"attempt_count": attempts}, at)


def _paid(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    paid = store.put(
        invoice
        | {
            "attempted": True,
            "auto_advance": False,
            "status": "paid",
            "status_transitions": invoice["status_transitions"] | {"paid_at": at},
        }
    )
    store.emit("invoice.paid", paid)
    store.emit("invoice.payment_succeeded", paid)
    return paid


def _failed(store: Store, invoice: StripeObject, at: int, decline: StripeObject) -> StripeObject:
    """The invoice stays open. Waiting for the customer's bank is no attempt yet."""
    _invoice_payment(store, invoice, at, paid=False)
    waits = decline.get("code") == _NEEDS_AUTHENTICATION
    attempts = invoice["attempt_count"] + (0 if waits else 1)
    open_still = store.put(invoice | {"attempted": True, "attempt_count": attempts})
    if waits:
        store.emit("invoice.payment_action_required", open_still)
    store.emit("invoice.payment_failed", open_still)
    return open_still


def _invoice_payment(store: Store, invoice: StripeObject, at: int, *, paid: bool) -> StripeObject:
    """What was asked of a card for an invoice; a later attempt goes on with the same one."""
    earlier = next(store.each("invoice_payment", invoice=invoice["id"]), None)
    payment_intent = store.new_id("pi")
    secret = f"{payment_intent}_secret_{store.ids.letters(24)}"
    if earlier is None:
        invoice["_confirmation_secret"] = {"client_secret": secret, "type": "payment_intent"}
    made = earlier or {
        "id": store.new_id("inpay"),
        "object": "invoice_payment",
        "amount_requested": invoice["amount_due"],
        "created": at,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": payment_intent, "type": "payment_intent"},
    }
    return store.put(
        made
        | {
            "amount_paid": invoice["amount_due"] if paid else None,
            "status": "paid" if paid else "open",
            "status_transitions": {"canceled_at": None, "paid_at": at if paid else None},
        }
    )
