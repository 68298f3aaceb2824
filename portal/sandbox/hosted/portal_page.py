"""The billing portal: cards, details, subscriptions and invoices of one customer.

https://docs.stripe.com/customer-management
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.hosted.markup import NOTHING, Html, html
from portal.sandbox.hosted.pages import Page, Visit, document, message, redirect, refusal
from portal.sandbox.hosted.portal_actions import ACTIONS, charge_from_now_on
from portal.sandbox.hosted.portal_parts import cards, details, invoices, subscriptions
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.checkout_completion import vendor_of
from portal.sandbox.resources.portal_sessions import resumed

StripeObject = dict[str, Any]
# Which part a task is about.
_PART = {
    "customer_update": details,
    "payment_method_update": cards,
    "subscription_cancel": subscriptions,
}


def show(visit: Visit, problem: str | None = None, done: str | None = None) -> Page:
    """Everything that the configuration allows, or the one task of the session's flow."""
    session = _session(visit)
    if session is None:
        return _over()
    customer = visit.store.get("customer", session["customer"])
    if customer is None or customer.get("deleted"):
        return refusal(410, "No such customer", "The customer was deleted.")
    features = _features(visit, session)
    flow = session["flow"]
    parts = [_PART[flow["type"]]] if flow else [subscriptions, cards, details, invoices]
    return document(
        "Billing portal",
        _head(visit, session, customer),
        message(problem or _declined(visit, session)),
        message(done, kind="done"),
        *(part(visit, customer, features) for part in parts),
        width="narrow",
    )


def act(visit: Visit, sent: StripeObject) -> Page:
    """Do what the form asks for, if the configuration allows it."""
    session = _session(visit)
    if session is None:
        return _over()
    action = ACTIONS.get(str(sent.get("action")))
    if action is None:
        raise Refused("There is no such action.")
    feature = _features(visit, session)[action.feature]
    if not feature["enabled"]:
        raise Refused("This is not allowed here.")
    customer = lookup.get(visit.store, "customer", session["customer"])
    said = action.do(visit, customer, feature, sent)
    if isinstance(said, Page):
        return said
    flow = session["flow"]
    if flow and action.completes == flow["type"]:
        return _completed(visit, session, said)
    return show(visit, done=said)


def after_setup(visit: Visit, intent: StripeObject) -> str:
    """The address to go on at, once a bank was asked about a card that is added here."""
    session = lookup.get(visit.store, "billing_portal.session", intent["_portal_session"])
    inside = f"/p/{session['id']}.{session['_secret']}"
    if intent["status"] != "succeeded":
        return f"{inside}?declined={intent['id']}"
    charge_from_now_on(visit, intent)
    flow = session["flow"]
    if not flow or flow["type"] != "payment_method_update":
        return inside
    after = flow["after_completion"]
    visit.store.put(session | {"flow": None})
    return str(after["redirect"]["return_url"]) if after["type"] == "redirect" else inside


def _session(visit: Visit) -> StripeObject | None:
    id, secret = visit.names
    return resumed(visit.store, id, secret)


def _declined(visit: Visit, session: StripeObject) -> str | None:
    """Why the card that a bank was just asked about was not added."""
    intent = visit.store.get("setup_intent", str(visit.query.get("declined", "")))
    if intent is None or intent.get("_portal_session") != session["id"]:
        return None
    error = intent["last_setup_error"]
    return str(error["message"]) if error else None


def _features(visit: Visit, session: StripeObject) -> StripeObject:
    kind = "billing_portal.configuration"
    features: StripeObject = lookup.get(visit.store, kind, session["configuration"])["features"]
    return features


def _completed(visit: Visit, session: StripeObject, said: str) -> Page:
    """The task is done: on to the vendor's page, to a word of thanks, or back to the portal."""
    after = session["flow"]["after_completion"]
    if after["type"] == "redirect":
        return redirect(after["redirect"]["return_url"])
    visit.store.put(session | {"flow": None})
    if after["type"] == "portal_homepage":
        return show(visit, done=said)
    words = (after["hosted_confirmation"] or {}).get("custom_message") or said
    customer = lookup.get(visit.store, "customer", session["customer"])
    return document("Done", _head(visit, session, customer), message(words, kind="done"))


def _head(visit: Visit, session: StripeObject, customer: StripeObject) -> Html:
    profile = lookup.get(visit.store, "billing_portal.configuration", session["configuration"])[
        "business_profile"
    ]
    back = NOTHING
    if session["return_url"]:
        back = html(
            '<p><a href="{url}">Return to {vendor}</a></p>',
            url=session["return_url"],
            vendor=vendor_of(visit.store),
        )
    links = [
        html('<a href="{url}">{words}</a> ', url=profile[name], words=words)
        for name, words in (
            ("terms_of_service_url", "Terms"),
            ("privacy_policy_url", "Privacy"),
        )
        if profile[name]
    ]
    return html(
        '<header class="portal-head">{back}<p class="vendor">{vendor}</p><h1>Billing</h1>'
        '<p class="caption">{who}</p>{headline}{links}</header>',
        back=back,
        vendor=vendor_of(visit.store),
        who=customer["name"] or customer["email"] or customer["id"],
        headline=html("<p>{text}</p>", text=profile["headline"]) if profile["headline"] else "",
        links=html('<p class="caption">{links}</p>', links=links) if links else "",
    )


def _over() -> Page:
    return refusal(
        410,
        "This session is over",
        "The billing portal was not used for an hour, or the address is wrong. Go back and open "
        "it again.",
    )
