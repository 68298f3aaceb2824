"""Prices: https://docs.stripe.com/api/prices."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.price_rules import amounts, currency, currency_options, recurrence
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_CHANGEABLE = (
    "active currency_options lookup_key metadata nickname tax_behavior transfer_lookup_key"
)
_PRODUCT_DATA = " ".join(
    f"product_data.{name}"
    for name in ("active", "id", "metadata", "name", "statement_descriptor", "tax_code")
)
_ACTS_ON = (
    "billing_scheme currency product recurring tiers tiers_mode transform_quantity unit_amount "
    f"unit_amount_decimal product_data.unit_label {_PRODUCT_DATA}"
)
_LONGEST_LOOKUP_KEY = 200


@routes.post("/v1/prices", "PriceCreateParams", f"{_CHANGEABLE} {_ACTS_ON}")
def create_price(call: Call) -> StripeObject:
    """Make a price for a product, which the request may describe instead of naming one."""
    params = dict(call.params)
    if ("product" in params) == ("product_data" in params):
        raise Refused(
            "Prices require exactly one of `product` and `product_data`.",
            code="parameter_missing",
            param="product",
        )
    if "product" in params:
        lookup.named(call.store, "product", params["product"], "product")
    return make_price(call.store, params)


@routes.get(
    "/v1/prices",
    "PriceListParams",
    "active created currency lookup_keys product recurring.interval recurring.meter "
    "recurring.usage_type type",
)
def list_prices(call: Call) -> Listing:
    """Prices, newest first."""
    asked, recurring = call.params, call.params.get("recurring", {})
    exact = {
        name: asked[name] for name in ("active", "currency", "product", "type") if name in asked
    }
    if "currency" in exact:
        exact["currency"] = exact["currency"].lower()
    found = (
        price
        for price in call.store.each("price", **exact)
        if price["lookup_key"] in asked.get("lookup_keys", [price["lookup_key"]])
        and recurring.items() <= (price["recurring"] or {}).items()
        and within(asked.get("created"), price["created"])
    )
    return Listing(found, "price")


@routes.get("/v1/prices/{id}", "PriceRetrieveParams")
def retrieve_price(call: Call, id: str) -> StripeObject:
    """The price; its tiers only when they are expanded."""
    return lookup.get(call.store, "price", id)


@routes.post("/v1/prices/{id}", "PriceUpdateParams", _CHANGEABLE)
def update_price(call: Call, id: str) -> StripeObject:
    """Change what may change: amounts never do."""
    price = lookup.get(call.store, "price", id)
    _apply(call.store, price, call.params)
    return save_change(call.store, "price.updated", price)


def make_price(store: Store, params: StripeObject) -> StripeObject:
    """Keep a new price and say so; the product must be there, or be described."""
    recurring = recurrence(store, params.get("recurring"))
    price = {
        "id": params.get("id") or store.new_id("price"),
        "object": "price",
        "active": True,
        "created": store.now(),
        "currency": currency(params["currency"]),
        "currency_options": None,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "recurring": recurring,
        "tax_behavior": "unspecified",
        "type": "one_time" if recurring is None else "recurring",
        **amounts(params),
    }
    _apply(store, price, params)
    price["product"] = params.get("product") or _described(store, params["product_data"])
    store.put(price)
    store.emit("price.created", price)
    return price


def _described(store: Store, product_data: StripeObject) -> str:
    # A product's default price is made here and a price's product there, so one must wait.
    from portal.sandbox.resources.products import make_product

    return str(make_product(store, product_data)["id"])


def _apply(store: Store, price: StripeObject, params: StripeObject) -> None:
    if "lookup_key" in params:
        _take_lookup_key(store, price["id"], params)
    if "tax_behavior" in params:
        _check_tax_behavior(price, params["tax_behavior"])
    if "currency_options" in params:
        asked = params["currency_options"]
        added = currency_options(price, asked) or {}
        price["currency_options"] = (
            ((price.get("currency_options") or {}) | added) if asked else None
        )
    price.update(given(params, ("active", "lookup_key", "nickname", "tax_behavior")))
    if "metadata" in params:
        price["metadata"] = merged_metadata(price["metadata"], params["metadata"])


def _check_tax_behavior(price: StripeObject, wanted: str) -> None:
    """https://docs.stripe.com/api/prices/object#price_object-tax_behavior: it is set once."""
    if price["tax_behavior"] not in ("unspecified", wanted):
        raise Refused(
            "The `tax_behavior` of a price cannot be changed once it is set.", param="tax_behavior"
        )


def _take_lookup_key(store: Store, id: str, params: StripeObject) -> None:
    """Make sure that no other price has the key, taking it away from its holder if asked to."""
    key = params["lookup_key"]
    if len(key) > _LONGEST_LOOKUP_KEY:
        raise Refused(
            f"Lookup keys can be at most {_LONGEST_LOOKUP_KEY} characters.", param="lookup_key"
        )
    for holder in store.every("price", lookup_key=key) if key else ():
        if holder["id"] == id:
            continue
        if not params.get("transfer_lookup_key"):
            raise Refused(
                f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key"
            )
        save_change(store, "price.updated", {**holder, "lookup_key": None})
