"""Whether what is offered, a coupon or a promotion code, can still be redeemed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def is_valid(store: Store, offer: StripeObject) -> bool:
    """By its own limits; https://docs.stripe.com/api/coupons/object#coupon_object-valid."""
    if offer.get("deleted") or offer.get("active") is False:
        return False
    ends_at = offer.get("redeem_by") or offer.get("expires_at")
    most = offer["max_redemptions"]
    is_over = ends_at is not None and ends_at <= store.now()
    return not is_over and (most is None or offer["times_redeemed"] < most)


def is_active(store: Store, code: StripeObject) -> bool:
    """Whether a promotion code works: it is no better than its coupon."""
    coupon = store.get("coupon", code["promotion"]["coupon"])
    return coupon is not None and is_valid(store, coupon) and is_valid(store, code)
