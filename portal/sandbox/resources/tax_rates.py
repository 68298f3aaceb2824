"""Tax rates: https://docs.stripe.com/api/tax_rates."""

from decimal import Decimal
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.fields import check_not_emptied, decimal_text, given, merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_TEXTS = ("country", "description", "display_name", "jurisdiction", "state", "tax_type")
_CHANGEABLE = f"active metadata {' '.join(_TEXTS)}"
_MOST_PERCENT = 100
_MOST_DECIMALS = 4


@routes.post("/v1/tax_rates", "TaxRateCreateParams", f"{_CHANGEABLE} inclusive percentage")
def create_tax_rate(call: Call) -> StripeObject:
    """Make a tax rate, whose percentage is fixed from then on."""
    store, percentage = call.store, Decimal(call.params["percentage"])
    _check_percentage(percentage)
    rate = {
        "id": store.new_id("txr"),
        "object": "tax_rate",
        **dict.fromkeys(_TEXTS),
        "active": True,
        "created": store.now(),
        "effective_percentage": None,
        "flat_amount": None,
        "inclusive": call.params["inclusive"],
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": {},
        "percentage": float(percentage),
        "rate_type": "percentage",
        "_percentage": decimal_text(percentage),
    }
    _apply(rate, call.params)
    store.put(rate)
    store.emit("tax_rate.created", rate)
    return rate


@routes.get("/v1/tax_rates", "TaxRateListParams", "active created inclusive")
def list_tax_rates(call: Call) -> Listing:
    """Tax rates, newest first."""
    asked = call.params
    exact = {name: asked[name] for name in ("active", "inclusive") if name in asked}
    found = (
        rate
        for rate in call.store.each("tax_rate", **exact)
        if within(asked.get("created"), rate["created"])
    )
    return Listing(found, "tax_rate")


@routes.get("/v1/tax_rates/{id}", "TaxRateRetrieveParams")
def retrieve_tax_rate(call: Call, id: str) -> StripeObject:
    """The tax rate, also when it is archived."""
    return lookup.get(call.store, "tax_rate", id)


@routes.post("/v1/tax_rates/{id}", "TaxRateUpdateParams", _CHANGEABLE)
def update_tax_rate(call: Call, id: str) -> StripeObject:
    """Change how the rate is described, or archive it: where it is in use it stays."""
    rate = lookup.get(call.store, "tax_rate", id)
    _apply(rate, call.params)
    return save_change(call.store, "tax_rate.updated", rate)


def _check_percentage(percentage: Decimal) -> None:
    if not 0 <= percentage <= _MOST_PERCENT:
        raise Refused("The percentage must be between 0 and 100.", param="percentage")
    if -int(percentage.normalize().as_tuple().exponent) > _MOST_DECIMALS:
        raise Refused(
            f"The percentage can have at most {_MOST_DECIMALS} decimal places.", param="percentage"
        )


def _apply(rate: StripeObject, params: StripeObject) -> None:
    check_not_emptied(params, "display_name")
    rate.update(given(params, ("active", *_TEXTS)))
    if "metadata" in params:
        rate["metadata"] = merged_metadata(rate["metadata"], params["metadata"])
