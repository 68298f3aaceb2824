"""What happens to a payment intent: confirmed, authenticated, captured, refunded, canceled.

https://docs.stripe.com/payments/paymentintents/lifecycle. The bank's challenge of a card that
wants one is answered with `authenticate`.
"""

from typing import Any

from portal.sandbox.billing import balance_transactions
from portal.sandbox.billing.challenges import next_action
from portal.sandbox.billing.payment_objects import card_error, declined_charge, new_charge
from portal.sandbox.events import save_change
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# Longer than the next request takes to come; Stripe needs a few seconds too.
_BOOKED_AFTER_SECONDS = 2
AUTHENTICATION_REQUIRED = "authentication_required"
_CHALLENGE_FAILED = {
    "code": "payment_intent_authentication_failure",
    "message": "The provided PaymentMethod has failed authentication. You can provide "
    "payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
}


def attempt(
    store: Store,
    intent: StripeObject,
    payment_method: StripeObject,
    at: int,
    *,
    off_session: bool = False,
) -> StripeObject:
    """Charge the card; the intent's status says what came of it.

    A card that wants its holder's consent leaves the intent waiting for it, unless the customer
    is known to be away (`off_session`).
    """
    intent = intent | {"payment_method": payment_method["id"], "next_action": None}
    decline = payment_method["_charge"]
    if decline is None:
        return _approved(store, intent, payment_method, at)
    if decline["code"] == AUTHENTICATION_REQUIRED and not off_session:
        return _challenged(store, intent, payment_method)
    return _declined(store, intent, payment_method, at, decline)


def authenticate(
    store: Store, intent: StripeObject, at: int, *, passes: bool = True
) -> StripeObject:
    """The card's holder has answered the bank's challenge, rightly or not."""
    payment_method = store.get("payment_method", intent["payment_method"]) or {}
    intent = intent | {"next_action": None}
    if not passes:
        return _declined(store, intent, payment_method, at, _CHALLENGE_FAILED)
    if payment_method["_after_consent"] is not None:
        return _declined(store, intent, payment_method, at, payment_method["_after_consent"])
    remember_consent(store, payment_method)
    return _approved(store, intent, payment_method, at)


def remember_consent(store: Store, payment_method: StripeObject) -> None:
    """A card that wants its holder once only is charged without asking from now on."""
    if payment_method.get("_asks_once"):
        store.put(payment_method | {"_charge": None})


def capture(store: Store, intent: StripeObject, amount: int, at: int) -> StripeObject:
    """Take up to what an authorisation holds; the rest is let go."""
    charge = store.get("charge", intent["latest_charge"]) or {}
    charge = _taken(store, charge, amount, at)
    store.put(charge)
    store.emit("charge.captured", charge)
    taken = {"amount_capturable": 0, "amount_received": amount, "status": "succeeded"}
    return _moved(store, intent | taken, "payment_intent.succeeded")


def book(store: Store, charge: StripeObject) -> StripeObject:
    """Put a charge on the vendor's balance that was captured asynchronously.

    https://docs.stripe.com/payments/payment-intents/asynchronous-capture
    """
    moved = balance_transactions.charged(store, charge, charge["_due_at"])
    booked = charge | {"balance_transaction": moved["id"], "_due_at": None}
    return save_change(store, "charge.updated", booked)


def cancel(store: Store, intent: StripeObject, at: int, reason: str | None) -> StripeObject:
    """End an intent that is not paid; what an authorisation held is let go."""
    held = store.get("charge", intent["latest_charge"] or "")
    if held is not None and intent["status"] == "requires_capture":
        save_change(store, "charge.refunded", _given_back(held, held["amount"]))
    ended = {
        "amount_capturable": 0,
        "canceled_at": at,
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
    }
    return _moved(store, intent | ended, "payment_intent.canceled")


def give_back(store: Store, charge: StripeObject, refund: StripeObject, at: int) -> StripeObject:
    """Refund some of a charge: `refund` names the amount and becomes lasting."""
    moved = balance_transactions.refunded(store, charge, refund, at)
    store.put(refund | {"balance_transaction": moved["id"]})
    changed = _given_back(charge, charge["amount_refunded"] + refund["amount"])
    save_change(store, "charge.refunded", changed)
    made = store.get("refund", refund["id"]) or {}
    store.emit("refund.created", made)
    return made


def _approved(
    store: Store, intent: StripeObject, payment_method: StripeObject, at: int
) -> StripeObject:
    charge = new_charge(store, intent, payment_method, at)
    holds = intent["capture_method"] == "manual"
    if intent["capture_method"] == "automatic_async":
        charge = _captured(charge, charge["amount"])
        charge["_due_at"] = at + _BOOKED_AFTER_SECONDS
    elif not holds:
        charge = _taken(store, charge, charge["amount"], at)
    store.put(charge)
    store.emit("charge.succeeded", charge)
    reached = {"last_payment_error": None, "latest_charge": charge["id"]}
    if holds:
        held = {"amount_capturable": intent["amount"], "status": "requires_capture"}
        return _moved(store, intent | reached | held, "payment_intent.amount_capturable_updated")
    taken = {"amount_received": intent["amount"], "status": "succeeded"}
    return _moved(store, intent | reached | taken, "payment_intent.succeeded")


def _challenged(store: Store, intent: StripeObject, payment_method: StripeObject) -> StripeObject:
    source = store.new_id("payatt")
    action = next_action(store, intent, source, payment_method["card"]["brand"])
    waits = {"last_payment_error": None, "next_action": action, "status": "requires_action"}
    return _moved(store, intent | waits, "payment_intent.requires_action")


def _declined(
    store: Store,
    intent: StripeObject,
    payment_method: StripeObject,
    at: int,
    decline: StripeObject,
) -> StripeObject:
    """Stripe keeps what was refused as a failed charge and asks for another payment method."""
    charge = declined_charge(new_charge(store, intent, payment_method, at), decline)
    store.put(charge)
    store.emit("charge.failed", charge)
    failed = {
        "last_payment_error": card_error(payment_method, {**decline, "charge": charge["id"]}),
        "latest_charge": charge["id"],
        "payment_method": None,
        "status": "requires_payment_method",
    }
    return _moved(store, intent | failed, "payment_intent.payment_failed")


def _taken(store: Store, charge: StripeObject, amount: int, at: int) -> StripeObject:
    taken = _captured(charge, amount)
    moved = balance_transactions.charged(store, taken, at)
    return taken | {"balance_transaction": moved["id"]}


def _captured(charge: StripeObject, amount: int) -> StripeObject:
    taken = charge | {"amount_captured": amount, "captured": True}
    return _given_back(taken, charge["amount"] - amount)


def _given_back(charge: StripeObject, amount: int) -> StripeObject:
    return charge | {"amount_refunded": amount, "refunded": amount == charge["amount"]}


def _moved(store: Store, intent: StripeObject, type: str) -> StripeObject:
    store.put(intent)
    store.emit(type, intent)
    return intent
