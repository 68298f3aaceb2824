"""Checkout sessions: https://docs.stripe.com/api/checkout/sessions.

They keep a card (mode setup), start a subscription or take one payment; their page is the
sandbox's own.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.checkout import expire
from portal.sandbox.fields import merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.checkout_payment import PAYMENT_DATA, payment_amounts
from portal.sandbox.resources.checkout_shape import new_line_items, new_session
from portal.sandbox.resources.checkout_subscription import SUBSCRIPTION_DATA, with_amounts
from portal.sandbox.resources.setup_intents import create_setup_intent
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_ACTS_ON = (
    "allowed_payment_method_types cancel_url client_reference_id currency customer "
    "customer_email discounts expires_at line_items.price line_items.quantity line_items.tax_rates "
    "locale metadata mode setup_intent_data.description setup_intent_data.metadata success_url "
    f"ui_mode {PAYMENT_DATA} {SUBSCRIPTION_DATA}"
)
_NOT_IN = {
    "payment": ("setup_intent_data", "subscription_data"),
    "setup": ("discounts", "line_items", "payment_intent_data", "subscription_data"),
    "subscription": ("payment_intent_data", "setup_intent_data"),
}


@routes.post("/v1/checkout/sessions", "checkout.SessionCreateParams", _ACTS_ON)
def create_session(call: Call) -> StripeObject:
    """Open a session, for a customer or for somebody yet unknown."""
    store, params = call.store, {"mode": "payment", **call.params}
    _check_settings(params)
    customer = None
    if "customer" in params:
        customer = lookup.named(store, "customer", params["customer"], "customer")
    session = new_session(store, customer, params)
    if params["mode"] == "setup":
        session["setup_intent"] = _setup_intent(call, session)
    else:
        session = _priced(call, session)
    # https://docs.stripe.com/api/events/types has no event for an opened session.
    return store.put(session)


@routes.get(
    "/v1/checkout/sessions",
    "checkout.SessionListParams",
    "created customer payment_intent status subscription",
)
def list_sessions(call: Call) -> Listing:
    """Sessions, newest first."""
    asked = call.params
    for kind in ("customer", "payment_intent", "subscription"):
        lookup.check_filter(call.store, kind, asked)
    names = ("customer", "payment_intent", "status", "subscription")
    exact = {name: asked[name] for name in names if name in asked}
    found = (
        session
        for session in call.store.each("checkout.session", **exact)
        if within(asked.get("created"), session["created"])
    )
    return Listing(found, "checkout.session")


@routes.get("/v1/checkout/sessions/{id}", "checkout.SessionRetrieveParams")
def retrieve_session(call: Call, id: str) -> StripeObject:
    """The session as it is now."""
    return lookup.get(call.store, "checkout.session", id)


@routes.post("/v1/checkout/sessions/{id}", "checkout.SessionUpdateParams", "metadata")
def update_session(call: Call, id: str) -> StripeObject:
    """Change the metadata, which is all that can be changed here."""
    session = lookup.get(call.store, "checkout.session", id)
    asked = call.params.get("metadata", {})
    session["metadata"] = merged_metadata(session["metadata"], asked)
    return call.store.put(session)


@routes.get("/v1/checkout/sessions/{id}/line_items", "checkout.SessionListLineItemsParams")
def list_line_items(call: Call, id: str) -> Listing:
    """What the session sells, in its order."""
    lookup.get(call.store, "checkout.session", id)
    return Listing(call.store.every("item", _session=id)[::-1], "item")


@routes.post("/v1/checkout/sessions/{id}/expire", "checkout.SessionExpireParams")
def expire_session(call: Call, id: str) -> StripeObject:
    """Close an open session; its page cannot be used any more."""
    session = lookup.get(call.store, "checkout.session", id)
    if session["status"] != "open":
        raise Refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session['status']}."
        )
    return expire(call.store, session)


def _priced(call: Call, session: StripeObject) -> StripeObject:
    """The session with what it sells kept and summed up."""
    items = new_line_items(call.store, session, call.params.get("line_items", []))
    if session["mode"] == "payment":
        session, items = payment_amounts(call.store, session, items)
    else:
        session, items = with_amounts(call, session, items)
    for item in items:
        call.store.put(item)
    return session


def _check_settings(params: StripeObject) -> None:
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise NotSupported("This sandbox has hosted pages only.", param="ui_mode")
    if params.get("locale", "auto") not in ("auto", "en"):
        raise NotSupported("The pages of this sandbox speak English only.", param="locale")
    if params.get("allowed_payment_method_types", ["card"]) != ["card"]:
        raise NotSupported("This sandbox takes cards only.", param="allowed_payment_method_types")
    if "customer" in params and "customer_email" in params:
        raise Refused(
            "You may only specify one of these parameters: customer, customer_email.",
            param="customer",
        )
    for name in _NOT_IN[params["mode"]]:
        if name in params:
            raise Refused(f"You can not pass `{name}` in `{params['mode']}` mode.", param=name)
    taxed = any("tax_rates" in item for item in params.get("line_items", ()))
    if params["mode"] == "payment" and (taxed or "discounts" in params):
        raise NotSupported(
            "This sandbox neither taxes nor discounts a single payment.",
            param="line_items" if taxed else "discounts",
        )


def _setup_intent(call: Call, session: StripeObject) -> str:
    """The setup that the session is to bring to an end."""
    asked = dict(call.params.get("setup_intent_data", {})) | {"usage": "off_session"}
    if session["customer"]:
        asked["customer"] = session["customer"]
    made = create_setup_intent(Call(call.store, call.ledger, asked, call.previews, call.afterwards))
    call.store.put(made | {"_checkout_session": session["id"]})
    return str(made["id"])
