"""A new Checkout session as an object, and its line items.

https://docs.stripe.com/api/checkout/sessions/create
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.checkout import customer_details
from portal.sandbox.fields import merged_metadata
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.checkout_looks import looks
from portal.sandbox.resources.price_rules import currency
from portal.sandbox.resources.web_addresses import checked_address
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_HALF_AN_HOUR, _DAY = 30 * 60, 24 * 3600
_UNUSED = (
    "after_expiration", "allow_promotion_codes", "allowed_payment_method_types",
    "billing_address_collection", "client_secret", "consent", "consent_collection",
    "currency_conversion", "customer_account", "customer_creation", "excluded_payment_method_types",
    "integration_identifier", "invoice", "invoice_creation", "name_collection", "optional_items",
    "origin_context", "payment_intent", "payment_link", "permissions", "presentment_details",
    "recovered_from", "redirect_on_completion", "return_url", "setup_intent",
    "shipping_address_collection", "shipping_cost", "submit_type", "subscription",
    "tax_id_collection", "wallet_options",
)  # fmt: skip
_NO_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")


def new_session(store: Store, customer: StripeObject | None, params: StripeObject) -> StripeObject:
    """The session as it opens; not kept, and without its amounts."""
    id, now = store.new_id("cs_test"), store.now()
    expires_at = _expiry(params, now)
    session = {
        "id": id,
        "object": "checkout.session",
        **dict.fromkeys(_UNUSED),
        **looks(store, params["mode"]),
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": _address(params, "cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now,
        "currency": currency(params["currency"]) if params.get("currency") else None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(_NO_TEXTS),
        "customer": customer["id"] if customer else None,
        "customer_email": params.get("customer_email"),
        "expires_at": expires_at,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": merged_metadata({}, params.get("metadata")),
        "mode": params["mode"],
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required" if params["mode"] == "setup" else "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "success_url": _success_url(params),
        "total_details": None,
        "ui_mode": "hosted_page",
        "url": f"{store.address}/c/pay/{id}",
        "_discounts": params.get("discounts", []),
        "_due_at": expires_at,
        "_payment_data": params.get("payment_intent_data", {}),
        "_subscription_data": params.get("subscription_data", {}),
    }
    return session | {"customer_details": customer_details(customer, session)}


def new_line_items(
    store: Store, session: StripeObject, asked: list[StripeObject]
) -> list[StripeObject]:
    """What is to be sold, without amounts; a metered price has no quantity either."""
    if not asked:
        raise Refused(
            "Missing required param: line_items.", code="parameter_missing", param="line_items"
        )
    items = [
        _line_item(store, session, item, f"line_items[{position}]")
        for position, item in enumerate(asked)
    ]
    if session["mode"] == "subscription":
        _check_recurring(items)
    return items


def _line_item(
    store: Store, session: StripeObject, asked: StripeObject, param: str
) -> StripeObject:
    where = f"{param}[price]"
    if "price" not in asked:
        raise Refused(f"Missing required param: {where}.", code="parameter_missing", param=where)
    price = lookup.named(store, "price", asked["price"], where)
    sold_in = session["currency"] or price["currency"]
    _check_price(price, sold_in, where)
    is_metered = (price["recurring"] or {}).get("usage_type") == "metered"
    return {
        "id": store.new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": sold_in,
        "description": (store.look("product", price["product"]) or {}).get("name"),
        "metadata": {},
        "price": price["id"],
        "quantity": _quantity(asked, f"{param}[quantity]", is_metered=is_metered),
        "_is_once": price["type"] == "one_time",
        "_session": session["id"],
        "_tax_rates": list(asked.get("tax_rates", ())),
    }


def _quantity(asked: StripeObject, param: str, *, is_metered: bool) -> int | None:
    if is_metered and "quantity" in asked:
        raise Refused(
            "Quantity should not be specified where usage_type is `metered`.", param=param
        )
    quantity = int(asked.get("quantity", 1))
    if quantity < 1:
        raise Refused("This value must be greater than or equal to 1.", param=param)
    return None if is_metered else quantity


def _check_recurring(items: list[StripeObject]) -> None:
    if all(item["_is_once"] for item in items):
        raise Refused(
            "You must provide at least one recurring price in `subscription` mode when using "
            "prices.",
            param="line_items",
        )


def _check_price(price: StripeObject, wanted: str, param: str) -> None:
    if not price["active"]:
        raise Refused(
            "The price specified is inactive. This field only accepts active prices.", param=param
        )
    if wanted not in (price["currency"], *(price["currency_options"] or ())):
        raise Refused(
            f"The price specified only supports `{price['currency']}`. This doesn't match the "
            f"expected currency: `{wanted}`.",
            param=param,
        )


def _success_url(params: StripeObject) -> str:
    if "success_url" not in params:
        raise Refused(
            "Missing required param: success_url.", code="parameter_missing", param="success_url"
        )
    # What is filled in later would not be an address yet.
    checked_address(params["success_url"].replace("{CHECKOUT_SESSION_ID}", "id"), "success_url")
    return str(params["success_url"])


def _address(params: StripeObject, name: str) -> str | None:
    return checked_address(params[name], name) if name in params else None


def _expiry(params: StripeObject, now: int) -> int:
    wanted = int(params.get("expires_at", now + _DAY))
    if not now + _HALF_AN_HOUR <= wanted <= now + _DAY:
        raise Refused(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )
    return wanted
