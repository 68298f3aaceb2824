"""What makes a price valid, and the part of its wire shape that needs working out.

https://docs.stripe.com/api/prices/create
"""

from itertools import pairwise
from typing import Any

from babel.numbers import is_currency

from portal.sandbox import lookup
from portal.sandbox.fields import amount_fields
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# A price may recur at most every three years.
_LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


def amounts(params: StripeObject) -> StripeObject:
    """The fields that say what a unit costs: amounts, tiers, packages."""
    scheme = params.get("billing_scheme", "tiered" if "tiers" in params else "per_unit")
    if scheme == "tiered":
        return _tiered(params)
    for name in ("tiers", "tiers_mode"):
        if name in params:
            raise Refused(f"`{name}` needs `billing_scheme` to be tiered.", param=name)
    fields = amount_fields(params, "unit_amount")
    if fields["unit_amount_decimal"] is None:
        raise Refused(
            "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.",
            code="parameter_missing",
            param="unit_amount",
        )
    return {
        "billing_scheme": "per_unit",
        "tiers": None,
        "tiers_mode": None,
        "transform_quantity": _packages(params.get("transform_quantity")),
        **fields,
    }


def currency_options(price: StripeObject, asked: Any) -> StripeObject | None:
    """What the price is in further currencies, each in the price's own scheme.

    https://docs.stripe.com/payments/currencies/localize-prices#manual-currency-prices
    """
    options = {}
    for name, option in (asked or {}).items():
        param = f"currency_options[{name}]"
        code = currency(name, param)
        if code == price["currency"]:
            raise Refused("A price's own currency is no option of it.", param=param)
        if "custom_unit_amount" in option:
            raise NotSupported(
                "This sandbox has no amounts that customers choose.",
                param=f"{param}[custom_unit_amount]",
            )
        options[code] = {
            "custom_unit_amount": None,
            "tax_behavior": option.get("tax_behavior", "unspecified"),
            **_option_amounts(price, option, param),
        }
    return options or None


def currency(name: str, param: str = "currency") -> str:
    """The code of a currency as Stripe writes it."""
    if not is_currency(name.upper()):
        raise Refused(f"Invalid currency: {name}.", param=param)
    return name.lower()


def recurrence(store: Store, asked: StripeObject | None) -> StripeObject | None:
    """How often the price is charged and what meter its quantity comes from; None for one time."""
    if asked is None:
        return None
    count = asked.get("interval_count", 1)
    if not 1 <= count <= _LONGEST[asked["interval"]]:
        raise Refused(
            "A price can recur at most every three years.", param="recurring[interval_count]"
        )
    if asked.get("trial_period_days", 0) < 0:
        raise Refused(
            "This value must be greater than or equal to 0.", param="recurring[trial_period_days]"
        )
    usage_type = asked.get("usage_type", "licensed")
    _check_meter(store, asked.get("meter"), usage_type)
    return {
        "interval": asked["interval"],
        "interval_count": count,
        "meter": asked.get("meter"),
        "trial_period_days": asked.get("trial_period_days") or None,
        "usage_type": usage_type,
    }


def _option_amounts(price: StripeObject, option: StripeObject, param: str) -> StripeObject:
    is_tiered = price["billing_scheme"] == "tiered"
    if is_tiered != ("tiers" in option):
        word = "needs" if is_tiered else "cannot have"
        raise Refused(f"This price {word} tiers in each currency.", param=f"{param}[tiers]")
    if is_tiered:
        tiers = _tiers(option["tiers"], f"{param}[tiers]")
        return {"tiers": tiers, "unit_amount": None, "unit_amount_decimal": None}
    fields = amount_fields(option, "unit_amount", param)
    if fields["unit_amount_decimal"] is None:
        raise Refused(
            f"Missing required param: {param}[unit_amount].",
            code="parameter_missing",
            param=f"{param}[unit_amount]",
        )
    return {"tiers": None, **fields}


def _check_meter(store: Store, meter: str | None, usage_type: str) -> None:
    where = "recurring[meter]"
    if usage_type == "licensed":
        if meter is not None:
            raise Refused("A meter goes with `recurring[usage_type]` metered only.", param=where)
        return
    if meter is None:
        raise Refused(
            "Metered prices must name a meter: set `recurring[meter]`.",
            code="parameter_missing",
            param=where,
        )
    if lookup.named(store, "billing.meter", meter, where)["status"] != "active":
        raise Refused(f"The meter {meter} is inactive.", code="archived_meter", param=where)


def _packages(asked: StripeObject | None) -> StripeObject | None:
    if asked is None:
        return None
    if asked["divide_by"] < 1:
        raise Refused(
            "This value must be greater than or equal to 1.", param="transform_quantity[divide_by]"
        )
    return {"divide_by": asked["divide_by"], "round": asked["round"]}


def _tiered(params: StripeObject) -> StripeObject:
    for name in ("tiers", "tiers_mode"):
        if not params.get(name):
            raise Refused(
                f"`{name}` is required when `billing_scheme` is tiered.",
                code="parameter_missing",
                param=name,
            )
    for name in ("unit_amount", "unit_amount_decimal", "transform_quantity"):
        if name in params:
            raise Refused(f"`{name}` cannot be used with tiers.", param=name)
    return {
        "billing_scheme": "tiered",
        "tiers": _tiers(params["tiers"]),
        "tiers_mode": params["tiers_mode"],
        "transform_quantity": None,
        "unit_amount": None,
        "unit_amount_decimal": None,
    }


def _tiers(asked: list[StripeObject], param: str = "tiers") -> list[StripeObject]:
    bounds = [tier["up_to"] for tier in asked]
    if bounds[-1] != "inf" or "inf" in bounds[:-1]:
        raise Refused("The last tier, and only that, must have `up_to` inf.", param=param)
    if any(low >= high for low, high in pairwise([0, *bounds[:-1]])):
        raise Refused("Tiers must be in ascending order of `up_to`.", param=param)
    return [_tier(tier, f"{param}[{position}]") for position, tier in enumerate(asked)]


def _tier(asked: StripeObject, param: str) -> StripeObject:
    flat = amount_fields(asked, "flat_amount", param)
    unit = amount_fields(asked, "unit_amount", param)
    if flat["flat_amount_decimal"] is None and unit["unit_amount_decimal"] is None:
        raise Refused("Each tier needs a unit amount or a flat amount.", param=param)
    up_to = asked["up_to"]
    return {**flat, **unit, "up_to": None if up_to == "inf" else up_to}
