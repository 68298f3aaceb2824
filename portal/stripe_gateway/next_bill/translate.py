"""From Stripe's JSON to what the rating takes off a bill: discounts, taxes, credits; pure."""

from collections.abc import Iterable
from decimal import Decimal

from portal.clock import from_epoch
from portal.rating.invoice import CreditGrant, Discount
from portal.rating.taxes import TaxRate
from portal.stripe_gateway.next_bill.facts import Deductions, PendingItem
from portal.stripe_gateway.translate import StripeObject, exact, id_of


def discount(found: StripeObject, coupon: StripeObject, currency: str) -> Discount:
    """A discount as its coupon grants it; the coupon was read with its products and currencies.

    https://docs.stripe.com/api/coupons/object
    """
    applies_to = coupon.get("applies_to")
    return Discount(
        id=found["id"],
        percent_off=exact(coupon.get("percent_off")),
        amount_off=_amount_off(coupon, currency),
        products=frozenset(applies_to["products"]) if applies_to else None,
    )


def _amount_off(coupon: StripeObject, currency: str) -> int | None:
    if coupon.get("currency") == currency:
        amount: int | None = coupon["amount_off"]
        return amount
    option = (coupon.get("currency_options") or {}).get(currency)
    return option["amount_off"] if option else None


def coupon_of(found: StripeObject) -> str:
    """The id of the coupon behind a discount."""
    return str(id_of(found["source"]["coupon"]))


def is_over(found: StripeObject, at: int) -> bool:
    """Whether a discount has ended by a moment."""
    return found.get("end") is not None and bool(found["end"] <= at)


def tax_rates(found: Iterable[StripeObject] | None) -> tuple[TaxRate, ...]:
    """Tax rates as percentages (https://docs.stripe.com/api/tax_rates/object)."""
    return tuple(
        TaxRate(rate["id"], Decimal(str(rate["percentage"])), rate["inclusive"])
        for rate in found or ()
    )


def credit_grant(grant: StripeObject, available: int) -> CreditGrant:
    """A grant with what is left of it (https://docs.stripe.com/api/billing/credit-grant/object)."""
    scope = grant["applicability_config"]["scope"]
    prices = scope.get("prices")
    return CreditGrant(
        id=grant["id"],
        available=available,
        priority=grant["priority"],
        category=grant["category"],
        effective_at=grant.get("effective_at") or grant["created"],
        expires_at=grant.get("expires_at"),
        created=grant["created"],
        prices=frozenset(price["id"] for price in prices) if prices else None,
    )


def pending_item(item: StripeObject, own: Deductions) -> PendingItem:
    """An invoice item (https://docs.stripe.com/api/invoiceitems/object)."""
    price = (item.get("pricing") or {}).get("price_details") or {}
    return PendingItem(
        id=item["id"],
        amount=item["amount"],
        description=item.get("description"),
        price_id=id_of(price.get("price")),
        product_id=id_of(price.get("product")),
        period_end=from_epoch(item["period"]["end"]),
        discountable=item["discountable"],
        own=own,
    )
