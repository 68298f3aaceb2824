"""Telling that a card was refused, with the payment as it is then: what was tried stays.

https://docs.stripe.com/api/errors
"""

from typing import Any

from portal.sandbox.billing.intents import AUTHENTICATION_REQUIRED
from portal.sandbox.billing.payer import decline_of
from portal.sandbox.billing.payment import intent_of
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
_OF_THE_CARD = ("advice_code", "charge", "decline_code", "network_decline_code", "payment_method")

_REQUIRES_ACTION = {
    "code": "subscription_payment_intent_requires_action",
    "message": "Payment for this subscription requires additional user action before it can be "
    "completed successfully. Payment can be completed using the PaymentIntent associated with "
    "`subscription.latest_invoice`. Additional information is available here: "
    "https://stripe.com/docs/billing/subscriptions/overview#requires-action",
}


def card_refusal(store: Store, kind: str, intent: StripeObject) -> Refused:
    """The refusal of the card that an intent (`payment_intent`, `setup_intent`) was tried with."""
    error = intent["last_payment_error" if kind == "payment_intent" else "last_setup_error"]
    told: StripeObject = {name: error[name] for name in _OF_THE_CARD if name in error}
    told |= {"code": error["code"], "type": "card_error", kind: presented(store, intent)}
    return Refused(error["message"], status=402, lasting=True, **told)


def unpaid_refusal(store: Store, invoice: StripeObject) -> Refused | None:
    """Why an invoice that was to be paid is still open; None when it is not."""
    intent = intent_of(store, invoice)
    if invoice["status"] == "paid" or intent is None:
        return None
    if intent["status"] == "requires_action":
        return Refused(
            "This payment requires additional user action before it can be completed successfully. "
            "Payment can be completed using the PaymentIntent associated with the invoice. For "
            "more details see: https://stripe.com/docs/billing/subscriptions/overview"
            "#requires-action",
            status=402,
            type="card_error",
            code="invoice_payment_intent_requires_action",
            lasting=True,
            payment_intent=presented(store, intent),
        )
    if intent["last_payment_error"] is None:
        return None
    return card_refusal(store, "payment_intent", intent)


def undone_refusal(store: Store, invoice: StripeObject) -> Refused:
    """Why a subscription is neither started nor changed (`error_if_incomplete`): all is undone."""
    reason = decline_of(store, invoice) or {"message": "Your card was declined."}
    if reason.get("code") == AUTHENTICATION_REQUIRED:
        reason = _REQUIRES_ACTION
    return Refused(**reason, status=402, type="card_error", decided=True)
