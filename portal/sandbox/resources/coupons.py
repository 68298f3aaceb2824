"""Coupons: https://docs.stripe.com/api/coupons."""

from decimal import Decimal
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.fields import decimal_text, merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.price_rules import currency
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_CHANGEABLE = "currency_options metadata name"
_LONGEST_NAME = 40
_HUNDRED = 100


@routes.post(
    "/v1/coupons",
    "CouponCreateParams",
    f"{_CHANGEABLE} amount_off applies_to currency duration duration_in_months id "
    "max_redemptions percent_off redeem_by",
)
def create_coupon(call: Call) -> StripeObject:
    """Make a coupon that takes off a percentage, or an amount of its currency."""
    store, params = call.store, call.params
    wanted = params.get("id")
    known = store.get("coupon", wanted) if wanted else None
    if known is not None and not known.get("deleted"):
        raise Refused("Coupon already exists.", code="resource_already_exists", param="id")
    coupon = {
        "id": wanted or store.ids.letters(8),
        "object": "coupon",
        **_amounts(params),
        **_limits(store, params),
        "applies_to": _applies_to(store, params.get("applies_to")),
        "created": store.now(),
        "currency_options": _currency_options(params),
        "livemode": False,
        "metadata": {},
        "name": None,
        "times_redeemed": 0,
    }
    _apply(coupon, params)
    store.put(coupon)
    store.emit("coupon.created", coupon)
    return coupon


@routes.get("/v1/coupons", "CouponListParams", "created")
def list_coupons(call: Call) -> Listing:
    """Coupons, newest first."""
    asked = call.params.get("created")
    found = (one for one in call.store.each("coupon") if within(asked, one["created"]))
    return Listing(found, "coupon")


@routes.get("/v1/coupons/{id}", "CouponRetrieveParams")
def retrieve_coupon(call: Call, id: str) -> StripeObject:
    """The coupon; its products and other currencies only when they are expanded."""
    return lookup.get(call.store, "coupon", id)


@routes.post("/v1/coupons/{id}", "CouponUpdateParams", _CHANGEABLE)
def update_coupon(call: Call, id: str) -> StripeObject:
    """Change the name and metadata, or add currencies: what it takes off never changes."""
    coupon = lookup.get(call.store, "coupon", id)
    options = _currency_options(call.params | {"currency": coupon["currency"]})
    if options is not None:
        if coupon["amount_off"] is None:
            raise Refused("`currency_options` goes with `amount_off`.", param="currency_options")
        coupon["currency_options"] = (coupon["currency_options"] or {}) | options
    _apply(coupon, call.params)
    return save_change(call.store, "coupon.updated", coupon)


@routes.delete("/v1/coupons/{id}", "CouponDeleteParams")
def delete_coupon(call: Call, id: str) -> StripeObject:
    """Let nobody redeem the coupon any more; discounts that it gave go on."""
    coupon = lookup.get(call.store, "coupon", id)
    call.store.emit("coupon.deleted", coupon)
    call.store.put(coupon | {"deleted": True})
    return {"id": id, "object": "coupon", "deleted": True}


def _amounts(params: StripeObject) -> StripeObject:
    """What it takes off: the exact percentage is kept beside the number that goes on the wire."""
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise Refused(
            "You must pass exactly one of percent_off and amount_off.",
            code="parameter_missing",
            param="percent_off",
        )
    if percent is not None and not 0 < percent <= _HUNDRED:
        raise Refused("Invalid percent_off: must be more than 0, at most 100.", param="percent_off")
    if amount is not None:
        _check_positive(amount, "amount_off")
        if "currency" not in params:
            raise Refused(
                "Must provide a currency when passing amount_off.",
                code="parameter_missing",
                param="currency",
            )
    code = currency(params["currency"]) if "currency" in params else None
    exact = None if percent is None else Decimal(percent)
    return {
        "amount_off": amount,
        "currency": code if amount is not None else None,
        "percent_off": None if exact is None else float(exact),
        "_percent_off": None if exact is None else decimal_text(exact),
    }


def _limits(store: Store, params: StripeObject) -> StripeObject:
    """How long it holds for whoever redeems it, and how often and until when that is possible."""
    duration, months = params.get("duration", "once"), params.get("duration_in_months")
    if (duration == "repeating") != (months is not None):
        raise Refused(
            "`duration_in_months` goes with `duration` repeating, and only with that.",
            param="duration_in_months",
        )
    for name in ("duration_in_months", "max_redemptions"):
        _check_positive(params.get(name, 1), name)
    if params.get("redeem_by", store.now() + 1) <= store.now():
        raise Refused("This timestamp must be in the future.", param="redeem_by")
    limits = {name: params.get(name) for name in ("max_redemptions", "redeem_by")}
    return {"duration": duration, "duration_in_months": months, **limits}


def _applies_to(store: Store, asked: StripeObject | None) -> StripeObject | None:
    products: list[str] = (asked or {}).get("products") or []
    for place, id in enumerate(products):
        lookup.named(store, "product", id, f"applies_to[products][{place}]")
    return {"products": products} if products else None


def _currency_options(params: StripeObject) -> StripeObject | None:
    """Amounts in further currencies."""
    asked = params.get("currency_options")
    if not asked:
        return None
    options = {}
    for name, option in asked.items():
        param = f"currency_options[{name}]"
        _check_positive(option["amount_off"], f"{param}[amount_off]")
        options[currency(name, param)] = {"amount_off": option["amount_off"]}
    return options


def _check_positive(amount: int, param: str) -> None:
    if amount < 1:
        raise Refused("This value must be greater than or equal to 1.", param=param)


def _apply(coupon: StripeObject, params: StripeObject) -> None:
    if "name" in params:
        if len(params["name"]) > _LONGEST_NAME:
            raise Refused(f"Names can be at most {_LONGEST_NAME} characters.", param="name")
        coupon["name"] = params["name"] or None
    if "metadata" in params:
        coupon["metadata"] = merged_metadata(coupon["metadata"], params["metadata"])
