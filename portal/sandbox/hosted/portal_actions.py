"""What a customer can do in the billing portal: each through the API's own functions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.fields import ADDRESS
from portal.sandbox.hosted.card_choice import card_name, chosen_card
from portal.sandbox.hosted.pages import Page, Visit, redirect
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.customers import update_customer
from portal.sandbox.resources.payment_methods import detach_payment_method
from portal.sandbox.resources.setup_intents import confirm_setup_intent, create_setup_intent
from portal.sandbox.resources.subscription_updates import update_subscription
from portal.sandbox.resources.subscriptions import delete_subscription

StripeObject = dict[str, Any]
Do = Callable[[Visit, StripeObject, StripeObject, StripeObject], str | Page]


@dataclass(frozen=True, slots=True)
class Action:
    """What is done, which feature allows it, and which task of a flow it completes.

    Doing it gives a sentence to tell the customer, or a page to go to first.
    """

    do: Do
    feature: str
    completes: str | None = None


def _add_card(
    visit: Visit, customer: StripeObject, _feature: StripeObject, sent: StripeObject
) -> str | Page:
    """Set a test card up and charge it from now on; its bank may want to be asked first."""
    token = chosen_card(sent, [])
    asked = {"customer": customer["id"], "usage": "off_session"}
    intent = create_setup_intent(visit.call(**asked))
    intent = confirm_setup_intent(visit.call(payment_method=token), intent["id"])
    if intent["status"] == "requires_action":
        visit.store.put(intent | {"_portal_session": visit.names[0]})
        return redirect(f"/authenticate/{intent['id']}")
    return charge_from_now_on(visit, intent)


def charge_from_now_on(visit: Visit, intent: StripeObject) -> str:
    """Charge the card that was set up, and say so."""
    customer = lookup.get(visit.store, "customer", intent["customer"])
    card = lookup.get(visit.store, "payment_method", intent["payment_method"])
    _set_default(visit, customer, card["id"])
    return f"{card_name(card)} was added and is charged from now on."


def _make_default(
    visit: Visit, customer: StripeObject, _feature: StripeObject, sent: StripeObject
) -> str:
    card = _card(visit, customer, sent)
    _set_default(visit, customer, card["id"])
    return f"{card_name(card)} is charged from now on."


def _remove_card(
    visit: Visit, customer: StripeObject, _feature: StripeObject, sent: StripeObject
) -> str:
    card = _card(visit, customer, sent)
    detach_payment_method(visit.call(), card["id"])
    return f"{card_name(card)} was removed."


def _change_details(
    visit: Visit, customer: StripeObject, feature: StripeObject, sent: StripeObject
) -> str:
    """Change those of the details that the configuration lets a customer change."""
    allowed = feature["allowed_updates"]
    asked: StripeObject = {
        name: sent[name] for name in ("name", "email") if name in allowed and name in sent
    }
    if "address" in allowed and any(name in sent for name in ADDRESS):
        asked["address"] = {name: sent.get(name, "") for name in ADDRESS}
    update_customer(visit.call(**asked), customer["id"])
    return "Your details were changed."


def _cancel(visit: Visit, customer: StripeObject, feature: StripeObject, sent: StripeObject) -> str:
    """Cancel at the end of the period or at once, as the configuration says."""
    subscription = _subscription(visit, customer, sent)
    if feature["mode"] == "immediately":
        delete_subscription(visit.call(), subscription["id"])
        return "Your subscription was canceled."
    update_subscription(visit.call(cancel_at_period_end=True), subscription["id"])
    return "Your subscription ends with the current period."


def _resume(
    visit: Visit, customer: StripeObject, _feature: StripeObject, sent: StripeObject
) -> str:
    subscription = _subscription(visit, customer, sent)
    update_subscription(visit.call(cancel_at_period_end=False), subscription["id"])
    return "Your subscription goes on."


ACTIONS = {
    "add_card": Action(_add_card, "payment_method_update", "payment_method_update"),
    "make_default": Action(_make_default, "payment_method_update", "payment_method_update"),
    "remove_card": Action(_remove_card, "payment_method_update"),
    "change_details": Action(_change_details, "customer_update", "customer_update"),
    "cancel": Action(_cancel, "subscription_cancel", "subscription_cancel"),
    "resume": Action(_resume, "subscription_cancel"),
}


def _set_default(visit: Visit, customer: StripeObject, id: str) -> None:
    """Charge the card for everything, also for subscriptions that had one of their own."""
    update_customer(visit.call(invoice_settings={"default_payment_method": id}), customer["id"])
    for subscription in visit.store.every("subscription", customer=customer["id"]):
        if subscription["default_payment_method"] and subscription["ended_at"] is None:
            update_subscription(visit.call(default_payment_method=id), subscription["id"])


def _card(visit: Visit, customer: StripeObject, sent: StripeObject) -> StripeObject:
    card = lookup.named(visit.store, "payment_method", str(sent.get("card")), "card")
    if card["customer"] != customer["id"]:
        raise lookup.no_such("payment_method", card["id"], param="card")
    return card


def _subscription(visit: Visit, customer: StripeObject, sent: StripeObject) -> StripeObject:
    wanted = str(sent.get("subscription"))
    found = lookup.named(visit.store, "subscription", wanted, "subscription")
    if found["customer"] != customer["id"]:
        raise lookup.no_such("subscription", wanted, param="subscription")
    if found["schedule"] is not None:
        raise Refused("This subscription follows a schedule and cannot be changed here.")
    return found
