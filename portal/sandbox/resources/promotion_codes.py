"""Promotion codes: https://docs.stripe.com/api/promotion_codes."""

import re
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.fields import merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.offers import is_active, is_valid
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.price_rules import currency
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
# https://docs.stripe.com/api/promotion_codes/create#create_promotion_code-code
_CODE = re.compile("[A-Za-z0-9-]{1,500}")
_RESTRICTIONS = "restrictions.currency_options"


@routes.post(
    "/v1/promotion_codes",
    "PromotionCodeCreateParams",
    "active code customer expires_at max_redemptions metadata promotion restrictions",
)
def create_promotion_code(call: Call) -> StripeObject:
    """Make a code by which customers redeem a coupon themselves."""
    store, params = call.store, call.params
    coupon = _coupon(store, params["promotion"])
    if "customer" in params:
        lookup.named(store, "customer", params["customer"], "customer")
    code = {
        "id": store.new_id("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": _free_code(store, params.get("code")),
        "created": store.now(),
        "customer": params.get("customer"),
        "customer_account": None,
        **_limits(store, params, coupon),
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": _restrictions(params.get("restrictions", {})),
        "times_redeemed": 0,
    }
    store.put(code)
    store.emit("promotion_code.created", code)
    return code


@routes.get("/v1/promotion_codes", "PromotionCodeListParams", "active code coupon created customer")
def list_promotion_codes(call: Call) -> Listing:
    """Promotion codes, newest first; a code is found whatever its case."""
    asked = call.params
    exact = {"customer": asked["customer"]} if "customer" in asked else {}
    found = (
        one
        for one in call.store.each("promotion_code", **exact)
        if asked.get("active") in (None, is_active(call.store, one))
        and str(asked.get("code", one["code"])).lower() == one["code"].lower()
        and asked.get("coupon") in (None, one["promotion"]["coupon"])
        and within(asked.get("created"), one["created"])
    )
    return Listing(found, "promotion_code")


@routes.get("/v1/promotion_codes/{id}", "PromotionCodeRetrieveParams")
def retrieve_promotion_code(call: Call, id: str) -> StripeObject:
    """The promotion code."""
    return lookup.get(call.store, "promotion_code", id)


@routes.post(
    "/v1/promotion_codes/{id}", "PromotionCodeUpdateParams", f"active metadata {_RESTRICTIONS}"
)
def update_promotion_code(call: Call, id: str) -> StripeObject:
    """Take a code out of use or back into it; the rest is fixed but for further currencies."""
    store, params = call.store, call.params
    code = lookup.get(store, "promotion_code", id)
    if params.get("active") and not code["active"]:
        if not is_active(store, code | {"active": True}):
            raise Refused("This promotion code can no longer be activated.", param="active")
        _check_not_taken(store, code["code"])
    code["active"] = params.get("active", code["active"])
    if "metadata" in params:
        code["metadata"] = merged_metadata(code["metadata"], params["metadata"])
    options = _minimums(params.get("restrictions", {}))
    if options:
        known = code["restrictions"].get("currency_options", {})
        code["restrictions"]["currency_options"] = known | options
    return save_change(store, "promotion_code.updated", code)


def _coupon(store: Store, promotion: StripeObject) -> StripeObject:
    if "coupon" not in promotion:
        raise Refused(
            "Missing required param: promotion[coupon].",
            code="parameter_missing",
            param="promotion[coupon]",
        )
    coupon = lookup.named(store, "coupon", promotion["coupon"], "promotion[coupon]")
    if not is_valid(store, coupon):
        raise Refused(
            f"Coupon expired: {coupon['id']}", code="coupon_expired", param="promotion[coupon]"
        )
    return coupon


def _free_code(store: Store, wanted: str | None) -> str:
    """The code; of those in use no two may be the same, in whatever case."""
    if wanted is None:
        return store.ids.letters(8)
    if _CODE.fullmatch(wanted) is None:
        raise Refused("Codes may only contain letters, digits and dashes.", param="code")
    _check_not_taken(store, wanted)
    return wanted


def _check_not_taken(store: Store, code: str) -> None:
    for known in store.look_each("promotion_code", active=True):
        if known["code"].lower() == code.lower():
            raise Refused(
                f"An active promotion code with `code: {code}` already exists.", param="code"
            )


def _limits(store: Store, params: StripeObject, coupon: StripeObject) -> StripeObject:
    expires_at, most = params.get("expires_at"), params.get("max_redemptions")
    if expires_at is not None and expires_at <= store.now():
        raise Refused("This timestamp must be in the future.", param="expires_at")
    if most is not None and most < 1:
        raise Refused("This value must be greater than or equal to 1.", param="max_redemptions")
    ends_at = coupon["redeem_by"]
    if ends_at is not None and (expires_at or ends_at) > ends_at:
        raise Refused("A code cannot expire after its coupon's `redeem_by`.", param="expires_at")
    return {"expires_at": expires_at or ends_at, "max_redemptions": most}


def _restrictions(asked: StripeObject) -> StripeObject:
    amount, code = asked.get("minimum_amount"), asked.get("minimum_amount_currency")
    where = "restrictions[minimum_amount_currency]"
    if (amount is None) != (code is None):
        raise Refused("`minimum_amount` and `minimum_amount_currency` go together.", param=where)
    restrictions = {
        "first_time_transaction": asked.get("first_time_transaction", False),
        "minimum_amount": amount,
        "minimum_amount_currency": code and currency(code, where),
    }
    options = _minimums(asked)
    return restrictions | ({"currency_options": options} if options else {})


def _minimums(asked: StripeObject) -> StripeObject:
    """The minimum in each further currency, by its code."""
    options = asked.get("currency_options") or {}
    return {
        currency(name, f"restrictions[currency_options][{name}]"): option
        for name, option in options.items()
    }
