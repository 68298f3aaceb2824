"""The bank's question to a card's holder: consent to a payment or a setup, or refuse it.

https://docs.stripe.com/payments/3d-secure
"""

from typing import Any
from urllib.parse import urlencode

from portal.money import Money, money_text
from portal.sandbox.billing import payment, setups
from portal.sandbox.hosted.card_choice import card_name
from portal.sandbox.hosted.markup import html
from portal.sandbox.hosted.pages import Page, Visit, button, document, form, redirect, refusal
from portal.sandbox.hosted.portal_page import after_setup
from portal.sandbox.resources.checkout_completion import settle
from portal.sandbox.resources.setup_intents import finish

StripeObject = dict[str, Any]


def show(visit: Visit) -> Page:
    """What is asked for, with the two answers to it."""
    intent = _intent(visit)
    if intent is None:
        return refusal(404, "Nothing to authenticate", "There is no payment at this address.")
    if intent["status"] != "requires_action":
        return refusal(410, "Already answered", "This payment does not ask for anything now.")
    card = visit.store.get("payment_method", intent["payment_method"]) or {}
    return document(
        "Authenticate",
        html(
            '<section class="card"><p class="vendor">Your bank</p><h1>Authenticate</h1>'
            "<p>{what} with {card}.</p>{yes}{no}</section>",
            what=_what(intent),
            card=card_name(card),
            yes=form(visit, "complete", button("Complete authentication", wide=True)),
            no=form(visit, "fail", button("Fail authentication", kind="plain", wide=True)),
        ),
    )


def act(visit: Visit, sent: StripeObject) -> Page:
    """Consent or refuse, and go back to where the question came up."""
    intent = _intent(visit)
    if intent is None or intent["status"] != "requires_action":
        return show(visit)
    passes = sent.get("action") == "complete"
    if intent["object"] == "payment_intent":
        payment.answer_challenge(visit.store, intent, passes=passes)
    else:
        finish(visit.call(), setups.authenticate(visit.store, intent, passes=passes))
    session = visit.store.get("checkout.session", intent.get("_checkout_session") or "")
    if session is not None:
        settle(visit.store, session)
    answered = visit.store.get(intent["object"], intent["id"]) or intent
    if answered.get("_portal_session"):
        return redirect(after_setup(visit, answered))
    return redirect(_way_back(answered))


def _intent(visit: Visit) -> StripeObject | None:
    """The payment or the setup that the address names."""
    id = visit.names[0]
    return visit.store.get("payment_intent", id) or visit.store.get("setup_intent", id)


def _what(intent: StripeObject) -> str:
    if intent["object"] == "setup_intent":
        return "Keep your card for later payments"
    return f"Pay {money_text(Money(intent['amount'], intent['currency']))}"


def _way_back(intent: StripeObject) -> str:
    """The page that sent the holder here: of Checkout, of the vendor, or of the invoice."""
    if intent.get("_checkout_session"):
        return f"/c/pay/{intent['_checkout_session']}"
    if intent.get("_return_url"):
        return _with_outcome(intent)
    if intent.get("_invoice"):
        return f"/i/{intent['_invoice']}"
    return f"/authenticate/{intent['id']}"


def _with_outcome(intent: StripeObject) -> str:
    """https://docs.stripe.com/payments/3d-secure/authentication-flow: what the vendor is told."""
    kind = intent["object"]
    told = {
        kind: intent["id"],
        f"{kind}_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if intent["status"] == "succeeded" else "failed",
    }
    address = str(intent["_return_url"])
    return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}"
