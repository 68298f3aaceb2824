"""What paying leaves behind, as Stripe shows it: payment intents, charges and invoice payments.

https://docs.stripe.com/api/payment_intents and https://docs.stripe.com/api/charges. Here are
only the shapes; what happens to them is in intents.py and payment.py.
"""

from typing import Any

from portal.sandbox.account import account_name
from portal.sandbox.fields import visible
from portal.sandbox.ids import fingerprint
from portal.sandbox.refusals import documented
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
_HOLD_SECONDS = 7 * 24 * 3600
# https://docs.stripe.com/get-started/account/statement-descriptors
_LONGEST_DESCRIPTOR = 22
_APPROVED = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 32,
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def new_payment_intent(
    store: Store, *, amount: int, currency: str, customer: str | None, created: int
) -> StripeObject:
    """A payment that nobody has confirmed yet; not kept."""
    id = store.new_id("pi")
    unused = ("allowed_payment_method_types", "application", "application_fee_amount",
              "automatic_payment_methods", "canceled_at", "cancellation_reason",
              "customer_account", "description", "excluded_payment_method_types",
              "last_payment_error", "latest_charge", "next_action", "on_behalf_of",
              "payment_method", "payment_method_configuration_details", "payment_record",
              "processing", "receipt_email", "review", "setup_future_usage",
              "shared_payment_granted_token", "shipping", "source", "statement_descriptor",
              "statement_descriptor_suffix", "transfer_data", "transfer_group")  # fmt: skip
    return dict.fromkeys(unused) | {
        "id": id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic",
        "client_secret": f"{id}_secret_{store.ids.letters(25)}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": customer,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "payment_method_options": payment_method_options(),
        "payment_method_types": ["card", "link"],
        "status": "requires_payment_method",
    }


def payment_method_options() -> StripeObject:
    """How each kind of payment method is to be used, for the kinds that the account takes."""
    card = {"installments": None, "mandate_options": None, "network": None}
    return {
        "card": {**card, "request_three_d_secure": "automatic"},
        "link": {"persistent_token": None},
    }


def new_charge(
    store: Store, intent: StripeObject, payment_method: StripeObject, created: int
) -> StripeObject:
    """An approved charge of a card for the whole of a payment intent; not kept, not captured."""
    id = store.new_id("ch")
    unused = ("application", "application_fee", "application_fee_amount", "balance_transaction",
              "destination", "dispute", "failure_balance_transaction", "failure_code",
              "failure_message", "on_behalf_of", "order", "receipt_number", "review", "source",
              "source_transfer", "transfer_data", "transfer_group")  # fmt: skip
    copied = ("amount", "currency", "customer", "description", "receipt_email", "shipping",
              "statement_descriptor", "statement_descriptor_suffix")  # fmt: skip
    return {
        **dict.fromkeys(unused),
        **{name: intent[name] for name in copied},
        "id": id,
        "object": "charge",
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": payment_method["billing_details"],
        "calculated_statement_descriptor": _descriptor(store),
        "captured": False,
        "created": created,
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": dict(_APPROVED),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": payment_method["id"],
        "payment_method_details": _details(intent, payment_method, created),
        "radar_options": {},
        "receipt_url": f"{store.address}/receipts/{id}",
        "refunded": False,
        "status": "succeeded",
    }


def declined_charge(charge: StripeObject, decline: StripeObject) -> StripeObject:
    """The charge as it is when the card was refused; `decline` holds the fields of an error."""
    reason = decline.get("decline_code") or decline["code"]
    outcome = _APPROVED | {
        "advice_code": decline.get("advice_code"),
        "network_decline_code": decline.get("network_decline_code"),
        "network_status": "declined_by_network",
        "reason": reason,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }
    card = charge["payment_method_details"]["card"] | {"amount_authorized": None}
    return charge | {
        "failure_code": decline["code"],
        "failure_message": decline["message"],
        "outcome": outcome,
        "paid": False,
        "payment_method_details": {"card": card, "type": "card"},
        "receipt_url": None,
        "status": "failed",
    }


def card_error(payment_method: StripeObject, decline: StripeObject) -> StripeObject:
    """What an intent says of its last try when the card was refused."""
    error = {
        **decline,
        "doc_url": documented(decline["code"]),
        "payment_method": visible(payment_method),
        "type": "card_error",
    }
    return dict(sorted(error.items()))


def new_invoice_payment(store: Store, invoice: StripeObject, intent: StripeObject) -> StripeObject:
    """What an invoice expects of a payment intent; not kept."""
    return {
        "id": store.new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": intent["amount"],
        "created": intent["created"],
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
        "_payment_intent": intent["id"],
    }


def _descriptor(store: Store) -> str:
    return (account_name(store) or "Sandbox").upper()[:_LONGEST_DESCRIPTOR]


def _details(intent: StripeObject, payment_method: StripeObject, created: int) -> StripeObject:
    """What is told of the card; its own fields, and what its network said."""
    card, amount = payment_method["card"], intent["amount"]
    names = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding",
             "last4", "regulated_status", "wallet")  # fmt: skip
    held = {"capture_before": created + _HOLD_SECONDS}
    subscribed = intent["setup_future_usage"] == "off_session"
    shown = {
        **{name: card[name] for name in names},
        **(held if intent["capture_method"] == "manual" else {}),
        "amount_authorized": amount,
        "authorization_code": "123456",
        "electronic_commerce_indicator": "02" if subscribed else "07",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": fingerprint(intent["id"]),
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "three_d_secure": None,
        "transaction_link_id": None,
    }
    return {"card": dict(sorted(shown.items())), "type": "card"}
