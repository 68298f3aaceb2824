"""The life of a Checkout session: open, then complete or expired.

https://docs.stripe.com/payments/checkout/how-checkout-works
"""

from typing import Any

from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_OVER = {"url": None, "_due_at": None}


def expire(store: Store, session: StripeObject) -> StripeObject:
    """Close a session that nobody has completed."""
    expired = store.put(session | _OVER | {"status": "expired"})
    store.emit("checkout.session.expired", expired)
    return expired


def complete(store: Store, session: StripeObject, **reached: Any) -> StripeObject:
    """Close a session whose customer has done what it asked for; `reached` is what came of it."""
    customer = store.get("customer", session["customer"] or "")
    done = session | _OVER | reached | {"status": "complete"}
    completed = store.put(done | {"customer_details": customer_details(customer, done)})
    store.emit("checkout.session.completed", completed)
    return completed


def customer_details(customer: StripeObject | None, session: StripeObject) -> StripeObject | None:
    """Who is checking out, as far as that is known."""
    known = customer or {}
    email = known.get("email") or session["customer_email"]
    if customer is None and email is None:
        return None
    return {
        "address": known.get("address"),
        "business_name": known.get("business_name"),
        "email": email,
        "individual_name": known.get("individual_name"),
        # What the customer fills in, not what is on file: unknown until the session is complete.
        "name": known.get("name") if session["status"] == "complete" else None,
        "phone": known.get("phone"),
        "tax_exempt": None if session["mode"] == "setup" else known.get("tax_exempt", "none"),
        "tax_ids": None,
    }
