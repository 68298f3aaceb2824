"""Plans, the older name of recurring prices: https://docs.stripe.com/api/plans.

Made here, a price may have any id that its maker likes.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.fields import given
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.included import plan_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.prices import make_price
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_PRODUCT = " ".join(
    f"product.{name}"
    for name in ("active", "id", "metadata", "name", "statement_descriptor", "tax_code")
)
_SAME = ("active", "billing_scheme", "currency", "id", "metadata", "nickname", "tiers",
         "tiers_mode")  # fmt: skip
_RECURRING = ("interval", "interval_count", "meter", "usage_type")


@routes.post(
    "/v1/plans",
    "PlanCreateParams",
    f"amount amount_decimal transform_usage product.unit_label {' '.join((*_SAME, *_RECURRING))} "
    f"{_PRODUCT}",
)
def create_plan(call: Call) -> StripeObject:
    """Make a recurring price of the same id."""
    params = call.params
    if "id" in params and call.store.get("price", params["id"]) is not None:
        raise Refused("Plan already exists.", code="resource_already_exists", param="id")
    asked = given(params, _SAME) | {"recurring": given(params, _RECURRING)}
    renamed = {
        "amount": "unit_amount",
        "amount_decimal": "unit_amount_decimal",
        "transform_usage": "transform_quantity",
    }
    asked |= {renamed[name]: params[name] for name in renamed if name in params}
    product = params.get("product")
    if product is None:
        raise Refused("Missing required param: product.", code="parameter_missing", param="product")
    if isinstance(product, str):
        asked["product"] = lookup.named(call.store, "product", product, "product")["id"]
    else:
        asked["product_data"] = product
    plan = plan_of(make_price(call.store, asked))
    call.store.emit("plan.created", plan)
    return plan


@routes.get("/v1/plans", "PlanListParams", "active created product")
def list_plans(call: Call) -> Listing:
    """Recurring prices as plans, newest first."""
    exact = given(call.params, ("active", "product"))
    found = (
        plan_of(price)
        for price in call.store.each("price", type="recurring", **exact)
        if within(call.params.get("created"), price["created"])
    )
    return Listing(found, "plan")


@routes.get("/v1/plans/{id}", "PlanRetrieveParams")
def retrieve_plan(call: Call, id: str) -> StripeObject:
    """A recurring price as a plan."""
    price = call.store.get("price", id)
    if price is None or price["type"] != "recurring":
        raise lookup.no_such("plan", id)
    return plan_of(price)
