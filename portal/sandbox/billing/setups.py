"""Setting a card up for later: the setup intent's life.

https://docs.stripe.com/payments/setupintents/lifecycle
"""

from typing import Any

from portal.sandbox.billing.challenges import next_action
from portal.sandbox.billing.intents import AUTHENTICATION_REQUIRED, remember_consent
from portal.sandbox.billing.payment_objects import card_error
from portal.sandbox.events import save_change
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_CHALLENGE_FAILED = {
    "code": "setup_intent_authentication_failure",
    "message": "The latest attempt to set up the payment method has failed because "
    "authentication failed.",
}


def new_setup_intent(store: Store, *, customer: str | None, usage: str) -> StripeObject:
    """A setup that nobody has confirmed yet; not kept."""
    id = store.new_id("seti")
    unused = ("allowed_payment_method_types", "application", "cancellation_reason",
              "customer_account", "description", "excluded_payment_method_types",
              "flow_directions", "last_setup_error", "latest_attempt", "mandate", "next_action",
              "on_behalf_of", "payment_method", "single_use_mandate")  # fmt: skip
    card = {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
    return dict.fromkeys(unused) | {
        "id": id,
        "object": "setup_intent",
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "client_secret": f"{id}_secret_{store.ids.letters(31)}",
        "created": store.now(),
        "customer": customer,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "payment_method_configuration_details": {"id": "pmc_sandbox", "parent": None},
        "payment_method_options": {"card": card},
        "payment_method_types": ["card", "link"],
        "status": "requires_payment_method",
        "usage": usage,
    }


def attempt(store: Store, intent: StripeObject, payment_method: StripeObject) -> StripeObject:
    """Ask the bank whether the card may be kept; the intent's status says what it said."""
    intent = intent | {
        "latest_attempt": store.new_id("setatt"),
        "next_action": None,
        "payment_method": payment_method["id"],
    }
    if payment_method["_refused"] is not None:
        return _refused(store, intent, payment_method, payment_method["_refused"])
    wants_consent = (payment_method["_charge"] or {}).get("code") == AUTHENTICATION_REQUIRED
    if wants_consent:
        return _challenged(store, intent, payment_method)
    return _set_up(store, intent)


def authenticate(store: Store, intent: StripeObject, *, passes: bool = True) -> StripeObject:
    """The card's holder has answered the bank's challenge, rightly or not."""
    payment_method = store.get("payment_method", intent["payment_method"]) or {}
    intent = intent | {"next_action": None}
    if not passes:
        return _refused(store, intent, payment_method, _CHALLENGE_FAILED)
    remember_consent(store, payment_method)
    return _set_up(store, intent)


def cancel(store: Store, intent: StripeObject, reason: str | None) -> StripeObject:
    """End a setup that has not succeeded."""
    ended = {"cancellation_reason": reason, "next_action": None, "status": "canceled"}
    return _moved(store, intent | ended, "setup_intent.canceled")


def _set_up(store: Store, intent: StripeObject) -> StripeObject:
    reached = {"last_setup_error": None, "status": "succeeded"}
    intent = _moved(store, intent | reached, "setup_intent.succeeded")
    subscription = store.get("subscription", intent.get("_subscription") or "")
    if subscription is not None and subscription["pending_setup_intent"] == intent["id"]:
        _collected(store, subscription, intent)
    return intent


def _collected(store: Store, subscription: StripeObject, intent: StripeObject) -> None:
    """The subscription that asked for a card has one now."""
    changed = {"pending_setup_intent": None}
    if subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
        changed["default_payment_method"] = intent["payment_method"]
    save_change(store, "customer.subscription.updated", subscription | changed)


def _challenged(store: Store, intent: StripeObject, payment_method: StripeObject) -> StripeObject:
    brand = payment_method["card"]["brand"]
    action = next_action(store, intent, intent["latest_attempt"], brand)
    waits = {"last_setup_error": None, "next_action": action, "status": "requires_action"}
    return _moved(store, intent | waits, "setup_intent.requires_action")


def _refused(
    store: Store, intent: StripeObject, payment_method: StripeObject, decline: StripeObject
) -> StripeObject:
    failed = {
        "last_setup_error": card_error(payment_method, decline),
        "payment_method": None,
        "status": "requires_payment_method",
    }
    return _moved(store, intent | failed, "setup_intent.setup_failed")


def _moved(store: Store, intent: StripeObject, type: str) -> StripeObject:
    store.put(intent)
    store.emit(type, intent)
    return intent
