"""With whose card an invoice is paid, and whether that can work.

https://docs.stripe.com/billing/subscriptions/payment-methods-setting#payment-method-priority
"""

from typing import Any

from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def decline_of(store: Store, invoice: StripeObject) -> StripeObject | None:
    """Why the invoice cannot be collected, as fields of an error; None when it can."""
    payment_method = payment_method_of(store, invoice)
    if payment_method is None:
        return {"code": "missing", "message": "There is nothing to pay with."}
    reason: StripeObject | None = payment_method["_charge"]
    return reason


def require_payment_method(store: Store, invoice: StripeObject) -> None:
    """Refuse to charge a customer who has nothing to pay with, as creating a subscription does."""
    charges = invoice["amount_due"] > 0 and invoice["collection_method"] == "charge_automatically"
    if charges and payment_method_of(store, invoice) is None:
        raise Refused(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method. For more information, visit "
            "https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
            "#payment-method-priority.",
            code="resource_missing",
            decided=True,
        )


def payment_method_of(store: Store, invoice: StripeObject) -> StripeObject | None:
    """The one the invoice would be paid with: its own, its subscription's or its customer's."""
    subscription = store.look("subscription", subscription_of(invoice) or "") or {}
    customer = store.look("customer", invoice["customer"]) or {}
    settings = customer.get("invoice_settings", {})
    for holder in (invoice, subscription, settings):
        found = store.get("payment_method", holder.get("default_payment_method") or "")
        if found is not None and found["customer"] == invoice["customer"]:
            return found
    return None
