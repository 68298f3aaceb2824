"""Products: https://docs.stripe.com/api/products."""

import re
from decimal import Decimal
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.summaries import as_number
from portal.sandbox.events import save_change
from portal.sandbox.fields import check_not_emptied, given, group, merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.prices import make_price
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
# Our own bound: what could not be asked for again is no use as an id.
_ID = re.compile(r"(?!search$|\.+$)[^\s/?#%\\\x00-\x1f\x7f]{1,255}")
_FIELDS = (
    "active",
    "description",
    "images",
    "marketing_features",
    "name",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)
_ACTS_ON = f"{' '.join(_FIELDS)} metadata package_dimensions"
_PRICE_DATA = " ".join(
    f"default_price_data.{name}"
    for name in (
        "currency",
        "currency_options",
        "metadata",
        "recurring",
        "tax_behavior",
        "unit_amount",
    )
)


@routes.post(
    "/v1/products",
    "ProductCreateParams",
    f"{_ACTS_ON} id type {_PRICE_DATA} default_price_data.unit_amount_decimal",
)
def create_product(call: Call) -> StripeObject:
    """Make a product, with its default price when the request describes one."""
    params = call.params
    product = make_product(call.store, params)
    if "default_price_data" in params:
        asked = {**params["default_price_data"], "product": product["id"]}
        product["default_price"] = make_price(call.store, asked)["id"]
        call.store.put(product)
    return product


@routes.get("/v1/products", "ProductListParams", "active created ids shippable type url")
def list_products(call: Call) -> Listing:
    """Products, newest first."""
    asked = call.params
    exact = {name: asked[name] for name in ("active", "shippable", "type", "url") if name in asked}
    found = (
        product
        for product in call.store.each("product", **exact)
        if product["id"] in asked.get("ids", [product["id"]])
        and within(asked.get("created"), product["created"])
    )
    return Listing(found, "product")


@routes.get("/v1/products/{id}", "ProductRetrieveParams")
def retrieve_product(call: Call, id: str) -> StripeObject:
    """The product, or the tombstone that deleting left."""
    found = call.store.get("product", id)
    if found is None:
        raise lookup.no_such("product", id)
    return found


@routes.post("/v1/products/{id}", "ProductUpdateParams", f"{_ACTS_ON} default_price")
def update_product(call: Call, id: str) -> StripeObject:
    """Change what the request names and leave the rest."""
    product = lookup.get(call.store, "product", id)
    _apply(product, call.params)
    wanted = call.params.get("default_price")
    if wanted is not None:
        price = lookup.named(call.store, "price", wanted, "default_price")
        if price["product"] != id:
            raise lookup.no_such("price", wanted, param="default_price")
        product["default_price"] = wanted
    product["updated"] = call.store.now()
    return save_change(call.store, "product.updated", product)


@routes.delete("/v1/products/{id}", "ProductDeleteParams")
def delete_product(call: Call, id: str) -> StripeObject:
    """Delete a product that has no price; a tombstone stays."""
    product = lookup.get(call.store, "product", id)
    if call.store.every("price", product=id):
        raise Refused(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    call.store.emit("product.deleted", product)
    return call.store.put({"id": id, "object": "product", "deleted": True})


def make_product(store: Store, params: StripeObject) -> StripeObject:
    """Keep a new product and say so; `id` may be the caller's own."""
    wanted = params.get("id")
    if wanted and _ID.fullmatch(wanted) is None:
        raise Refused("Invalid id: it must be fit to stand in a URL's path.", param="id")
    if wanted and store.get("product", wanted) is not None:
        raise Refused("Product already exists.", code="resource_already_exists", param="id")
    now = store.now()
    product = {
        "id": wanted or store.new_id("prod"),
        "object": "product",
        **dict.fromkeys(_FIELDS),
        "active": True,
        "created": now,
        "default_price": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "tax_details": None,
        "type": params.get("type", "service"),
        "updated": now,
    }
    _apply(product, params)
    store.put(product)
    store.emit("product.created", product)
    return product


def _apply(product: StripeObject, params: StripeObject) -> None:
    check_not_emptied(params, "name")
    product.update(given(params, _FIELDS))
    product |= {name: product[name] or [] for name in ("images", "marketing_features")}
    if "package_dimensions" in params:
        names = ("height", "length", "weight", "width")
        dimensions = group(params["package_dimensions"], names)
        product["package_dimensions"] = dimensions and {
            name: as_number(inches or Decimal(0)) for name, inches in dimensions.items()
        }
    if "metadata" in params:
        product["metadata"] = merged_metadata(product["metadata"], params["metadata"])
