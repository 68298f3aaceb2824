"""What a customer does in a Checkout session: hand in a card, authenticate, be done.

https://docs.stripe.com/payments/checkout/how-checkout-works
"""

from collections.abc import Callable
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.account import account_name
from portal.sandbox.billing import payment
from portal.sandbox.billing.checkout import complete
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.checkout_payment import pay_session
from portal.sandbox.resources.checkout_subscription import subscription_asked
from portal.sandbox.resources.customers import create_customer
from portal.sandbox.resources.payment_methods import attach
from portal.sandbox.resources.setup_intents import confirm_setup_intent
from portal.sandbox.resources.subscriptions import create_subscription
from portal.sandbox.routes import Call
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
Request = Callable[..., Call]


def submit(
    store: Store, session: StripeObject, request: Request, card: str, who: StripeObject
) -> str | None:
    """Go on with the chosen card; the id of what must be authenticated first, or None when done.

    `request` makes a request to the API with the parameters it is given. Raises Refused when the
    card is declined: the session stays open then.
    """
    _require_open(session)
    intent: StripeObject | None
    if session["mode"] == "setup":
        intent = confirm_setup_intent(request(payment_method=card), session["setup_intent"])
    elif session["mode"] == "payment":
        intent = pay_session(store, _known_by_email(session, who), request, card)
    else:
        intent = _subscribe(store, session, request, card, who)
    if intent is not None and intent["status"] == "requires_action":
        return str(intent["id"])
    settle(store, lookup.get(store, "checkout.session", session["id"]))
    return None


def settle(store: Store, session: StripeObject) -> StripeObject:
    """Complete the session if what it asks for has been reached meanwhile."""
    if session["status"] != "open":
        return session
    if session["mode"] == "setup":
        intent = lookup.get(store, "setup_intent", session["setup_intent"])
        return complete(store, session) if intent["status"] == "succeeded" else session
    if session["mode"] == "payment":
        intent = store.get("payment_intent", session["payment_intent"] or "") or {}
        is_paid = intent.get("status") == "succeeded"
        return complete(store, session, payment_status="paid") if is_paid else session
    subscription = store.get("subscription", session.get("_subscription") or "")
    if subscription is None or subscription["status"] not in ("active", "trialing"):
        return session
    invoice = subscription["latest_invoice"]
    return complete(
        store,
        session,
        invoice=invoice,
        payment_status="paid" if invoice else "no_payment_required",
        subscription=subscription["id"],
    )


def _subscribe(
    store: Store, session: StripeObject, request: Request, card: str, who: StripeObject
) -> StripeObject | None:
    """Start the subscription, or pay the first invoice of one that was started before."""
    customer = _customer(store, session, request, who)
    attached = _attached(store, customer, card)
    known = store.get("subscription", session.get("_subscription") or "")
    if known is None or known["status"] != "incomplete":
        items = store.every("item", _session=session["id"])[::-1]
        asked = subscription_asked(session, items, customer["id"], attached["id"])
        known = create_subscription(request(**asked))
        session = session | {"customer": customer["id"], "_subscription": known["id"]}
        store.put(session)
        return _unpaid(store, session, known)
    invoice = lookup.get(store, "invoice", known["latest_invoice"])
    payment.pay(store, invoice, store.now(customer), attached, on_request=True)
    return _unpaid(store, session, lookup.get(store, "subscription", known["id"]))


def _unpaid(store: Store, session: StripeObject, subscription: StripeObject) -> StripeObject | None:
    """The payment that is still wanted; a declined one is told as an error."""
    invoice = store.get("invoice", subscription["latest_invoice"] or "")
    if invoice is None or invoice["status"] != "open":
        return None
    intent = payment.intent_of(store, invoice)
    if intent is None or intent["status"] == "requires_payment_method":
        error = (intent or {}).get("last_payment_error") or {"message": "Your card was declined."}
        raise Refused(error["message"], status=402, type="card_error", code=error.get("code"))
    return store.put(intent | {"_checkout_session": session["id"]})


def _customer(
    store: Store, session: StripeObject, request: Request, who: StripeObject
) -> StripeObject:
    """The session's customer, or a new one from what was filled in."""
    if session["customer"]:
        return lookup.get(store, "customer", session["customer"])
    email = session["customer_email"] or who.get("email") or None
    if email is None:
        raise Refused("An email address is needed.", param="email")
    return create_customer(request(email=email, name=who.get("name") or None))


def _known_by_email(session: StripeObject, who: StripeObject) -> StripeObject:
    """Somebody who pays once stays a guest; what is known of them is an address."""
    email = session["customer_email"] or who.get("email") or None
    return session | {"customer_email": None if session["customer"] else email}


def _attached(store: Store, customer: StripeObject, card: str) -> StripeObject:
    known = store.get("payment_method", card)
    if known is not None and known["customer"] == customer["id"]:
        return known
    return attach(store, card, customer)


def _require_open(session: StripeObject) -> None:
    if session["status"] != "open":
        raise Refused(f"This Checkout Session is {session['status']}.")


def vendor_of(store: Store) -> str:
    """Who the customer is buying from."""
    return account_name(store) or "Sandbox"
