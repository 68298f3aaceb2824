"""What comes off and onto the upcoming invoice between its lines and its total, each by its name.

Stripe names the discounts and taxes of a preview by id; the coupons and rates behind them say what
a person knows them by.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.mirror.queries import SubscribedItem
from portal.mirror.tables import InvoicePreview
from portal.money import Money
from portal.services.reports import Deduction
from portal.stripe_gateway.translate import StripeObject, exact, id_of


@dataclass(frozen=True, slots=True)
class Deductions:
    """The discounts of single lines and of the whole, and the taxes beside and within the lines."""

    line_discounts: tuple[Deduction, ...]
    discounts: tuple[Deduction, ...]
    taxes: tuple[Deduction, ...]
    included_taxes: tuple[Deduction, ...]


def deductions_of(
    preview: InvoicePreview, lines_total: int, items: Sequence[SubscribedItem]
) -> Deductions:
    """The deductions of a preview whose lines come to `lines_total`.

    A line's own discounts are off the subtotal already
    (https://docs.stripe.com/api/invoices/object#invoice_object-subtotal).
    """
    stripe_object, currency = preview.stripe_object, preview.currency
    discounts = stripe_object.get("total_discount_amounts") or ()
    own = _discounts((one for one in discounts if _is_of_line(one)), currency)
    off_lines = preview.subtotal - lines_total - _total(own)
    rest = (Deduction("Discounts on lines", None, Money(off_lines, currency)),) if off_lines else ()
    rates = _tax_rates(stripe_object, items)
    taxes = stripe_object.get("total_taxes") or ()
    within = [one for one in taxes if one.get("tax_behavior") == "inclusive"]
    beside = [one for one in taxes if one.get("tax_behavior") != "inclusive"]
    return Deductions(
        line_discounts=(*own, *rest),
        discounts=_discounts((one for one in discounts if not _is_of_line(one)), currency),
        taxes=_taxes(beside, rates, currency),
        included_taxes=_taxes(within, rates, currency),
    )


def adjustment_of(preview: InvoicePreview, deductions: Deductions) -> Money:
    """What of the total its parts do not explain: nothing, unless Stripe adds a kind of part."""
    explained = (
        preview.subtotal
        + _total(deductions.discounts)
        - preview.credit_amount
        + _total(deductions.taxes)
    )
    return Money(preview.total - explained, preview.currency)


def _discounts(amounts: Iterable[StripeObject], currency: str) -> tuple[Deduction, ...]:
    found: dict[tuple[str, Decimal | None], int] = {}
    for one in amounts:
        key = _discount_name(one["discount"])
        found[key] = found.get(key, 0) - one["amount"]
    return _deductions(found, currency)


def _taxes(
    amounts: Iterable[StripeObject], rates: Mapping[str, StripeObject], currency: str
) -> tuple[Deduction, ...]:
    found: dict[tuple[str, Decimal | None], int] = {}
    for one in amounts:
        rate = rates.get(id_of((one.get("tax_rate_details") or {}).get("tax_rate")) or "", {})
        key = (rate.get("display_name") or "Tax", exact(rate.get("percentage")))
        found[key] = found.get(key, 0) + one["amount"]
    return _deductions(found, currency)


def _deductions(
    found: Mapping[tuple[str, Decimal | None], int], currency: str
) -> tuple[Deduction, ...]:
    return tuple(
        Deduction(name, percentage, Money(amount, currency))
        for (name, percentage), amount in found.items()
        if amount
    )


def _is_of_line(amount: StripeObject) -> bool:
    discount = amount["discount"]
    if not isinstance(discount, Mapping):
        return False
    return bool(discount.get("subscription_item") or discount.get("invoice_item"))


def _discount_name(discount: Any) -> tuple[str, Decimal | None]:
    """The coupon's name and percentage; Stripe may send the discount, or its coupon, as an id."""
    source = discount.get("source") if isinstance(discount, Mapping) else None
    coupon = (source or {}).get("coupon")
    if not isinstance(coupon, Mapping):
        return "Discount", None
    return coupon.get("name") or "Discount", exact(coupon.get("percent_off"))


def _tax_rates(preview: StripeObject, items: Sequence[SubscribedItem]) -> dict[str, StripeObject]:
    """The tax rates of the invoice, of the subscription and of its items, by id."""
    holders = [
        preview.get("default_tax_rates"),
        *(one.subscription.stripe_object.get("default_tax_rates") for one in items),
        *(one.item.stripe_object.get("tax_rates") for one in items),
    ]
    return {rate["id"]: rate for rates in holders for rate in rates or ()}


def _total(deductions: Iterable[Deduction]) -> int:
    return sum(one.amount.amount for one in deductions)
