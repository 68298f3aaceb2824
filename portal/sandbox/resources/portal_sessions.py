"""Sessions of the billing portal: https://docs.stripe.com/api/customer_portal/sessions.

A session's address opens it once and soon; the pages then go on under an address of their own.
"""

import secrets
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.portal_configurations import default_configuration
from portal.sandbox.resources.web_addresses import checked_address
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
# https://docs.stripe.com/customer-management/integrate-customer-portal: a link is good for five
# minutes, and what it opened for an hour after the last look.
_LINK_SECONDS, _IDLE_SECONDS = 5 * 60, 3600
_FLOWS = {
    "customer_update": "customer_update",
    "payment_method_update": "payment_method_update",
    "subscription_cancel": "subscription_cancel",
}


@routes.post(
    "/v1/billing_portal/sessions",
    "billing_portal.SessionCreateParams",
    "configuration customer flow_data.after_completion flow_data.subscription_cancel.subscription "
    "flow_data.type locale return_url",
)
def create_session(call: Call) -> StripeObject:
    """Make a link for one customer."""
    store, params = call.store, call.params
    if "customer" not in params:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = lookup.named(store, "customer", params["customer"], "customer")
    if params.get("locale", "auto") not in ("auto", "en"):
        raise NotSupported("The pages of this sandbox speak English only.", param="locale")
    configuration = _configuration(call)
    id, secret = store.new_id("bps"), secrets.token_urlsafe(24)
    back = params.get("return_url")
    session = {
        "id": id,
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": store.now(),
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(store, configuration, customer, params.get("flow_data")),
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": checked_address(back, "return_url")
        if back
        else configuration["default_return_url"],
        "url": f"{store.address}/p/session/{id}.{secret}",
        "_good_until": store.now() + _LINK_SECONDS,
        "_is_open": False,
        "_secret": secret,
    }
    store.put(session)
    store.emit("billing_portal.session.created", session)
    return session


def opened(store: Store, id: str, secret: str) -> StripeObject | None:
    """The session that a link opens, under a new secret; None when the link is used up or wrong."""
    session = _good(store, id, secret, is_open=False)
    if session is None:
        return None
    fresh = {"_secret": secrets.token_urlsafe(24), "_is_open": True}
    return _kept_awake(store, session | fresh)


def resumed(store: Store, id: str, secret: str) -> StripeObject | None:
    """The session that is open under this secret; None when it has been idle for too long."""
    session = _good(store, id, secret, is_open=True)
    return None if session is None else _kept_awake(store, session)


def _good(store: Store, id: str, secret: str, *, is_open: bool) -> StripeObject | None:
    session = store.get("billing_portal.session", id)
    if session is None or session["_is_open"] != is_open:
        return None
    fits = secrets.compare_digest(session["_secret"], secret)
    return session if fits and store.now() < session["_good_until"] else None


def _kept_awake(store: Store, session: StripeObject) -> StripeObject:
    return store.put(session | {"_good_until": store.now() + _IDLE_SECONDS})


def _configuration(call: Call) -> StripeObject:
    if "configuration" not in call.params:
        return default_configuration(call.store)
    wanted = call.params["configuration"]
    found = lookup.named(call.store, "billing_portal.configuration", wanted, "configuration")
    if not found["active"]:
        raise Refused("The configuration is not active.", param="configuration")
    return found


def _flow(
    store: Store, configuration: StripeObject, customer: StripeObject, asked: StripeObject | None
) -> StripeObject | None:
    """The one task that the customer is led to, if there is one."""
    if asked is None:
        return None
    kind = asked["type"]
    if kind not in _FLOWS:
        raise NotSupported(f"The portal of this sandbox has no {kind}.", param="flow_data[type]")
    if not configuration["features"][_FLOWS[kind]]["enabled"]:
        raise Refused(
            f"This feature is not enabled in the portal configuration: {kind}.",
            param="flow_data[type]",
        )
    flow = dict.fromkeys(("subscription_cancel", "subscription_pause", "subscription_update",
                          "subscription_update_confirm"))  # fmt: skip
    if kind == "subscription_cancel":
        flow["subscription_cancel"] = _cancellation(store, customer, asked)
    elif "subscription_cancel" in asked:
        raise Refused("`subscription_cancel` goes with that type only.", param="flow_data")
    after = asked.get("after_completion") or {"type": "portal_homepage"}
    return flow | {"type": kind, "after_completion": _after(after)}


def _cancellation(store: Store, customer: StripeObject, asked: StripeObject) -> StripeObject:
    param = "flow_data[subscription_cancel]"
    if "subscription_cancel" not in asked:
        raise Refused(f"Missing required param: {param}.", code="parameter_missing", param=param)
    where = f"{param}[subscription]"
    wanted = asked["subscription_cancel"]["subscription"]
    found = lookup.named(store, "subscription", wanted, where)
    if found["customer"] != customer["id"]:
        raise lookup.no_such("subscription", wanted, param=where)
    return {"retention": None, "subscription": wanted}


def _after(asked: StripeObject) -> StripeObject:
    """What follows when the task is done: the portal, a word of thanks, or the vendor's page."""
    after: StripeObject = {"hosted_confirmation": None, "redirect": None, "type": asked["type"]}
    if asked["type"] == "redirect":
        after["redirect"] = {"return_url": _return_address(asked)}
    elif "hosted_confirmation" in asked:
        said = asked["hosted_confirmation"].get("custom_message")
        after["hosted_confirmation"] = {"custom_message": said}
    return after


def _return_address(asked: StripeObject) -> str:
    param = "flow_data[after_completion][redirect]"
    if "redirect" not in asked:
        raise Refused(f"Missing required param: {param}.", code="parameter_missing", param=param)
    return checked_address(asked["redirect"]["return_url"], f"{param}[return_url]")
