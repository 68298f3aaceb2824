"""Invoice lines: the one place that makes them, for previews and for real invoices alike."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.money import round_amount
from portal.rating.precision import exact_digits
from portal.rating.price import Price, price_from_stripe
from portal.rating.rate import LineKind, RatedLine, rate
from portal.rating.rest import lines_left, lines_taken_off
from portal.sandbox.billing.charges import Charge
from portal.sandbox.billing.descriptions import (
    REMAINING,
    billed_description,
    line_description,
    proration_description,
    trial_description,
)
from portal.sandbox.billing.periods import next_boundary
from portal.sandbox.fields import decimal_text
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NOTHING = Decimal(0)


def charge_lines(store: Store, subscription: StripeObject, charge: Charge) -> list[StripeObject]:
    """The lines of a charge, in Stripe's order, without an id and an invoice yet.

    A metered charge makes a line even without usage. `_slot` tells an invoice's lines apart.
    """
    price = price_from_stripe(charge.price, subscription["currency"])
    product = product_of(store, charge.price)
    if charge.is_free:
        free = _single(charge, _NOTHING, unit_amount=_NOTHING)
        description = trial_description(charge.quantity, product)
        return [_line(subscription, charge, free, description)]
    rated = rate(price, charge.quantity)
    if charge.whole is not None:
        part = _single(charge, rated.exact)
        description = proration_description(REMAINING, charge.quantity, product, charge.start)
        return [_line(subscription, charge, part, description)]
    billed, recurring = charge.billed_early, charge.price["recurring"]
    left = rated.lines if billed is None else lines_left(price, charge.quantity, billed)
    lines = [
        _line(subscription, charge, line, line_description(line, price, product, recurring))
        for line in left
    ]
    return lines if billed is None else lines + _taken_off(subscription, charge, price, billed)


def _taken_off(
    subscription: StripeObject, charge: Charge, price: Price, billed: Decimal
) -> list[StripeObject]:
    """The lines for what an earlier invoice billed of the same units; they have no quantity."""
    lines = []
    for line in lines_taken_off(price, billed):
        text = billed_description(line, price)
        flat = replace(line, kind=LineKind.FLAT)
        slot = f"{charge.item['id']}/{charge.start}/{line.tier}/{line.kind}/billed"
        lines.append(_line(subscription, charge, flat, text) | {"_slot": slot})
    return lines


def product_of(store: Store, price: StripeObject) -> StripeObject:
    """The product that the price is for."""
    product = store.get("product", price["product"])
    if product is None:
        raise LookupError(f"{price['id']} has a product that is not there")
    return product


def _single(charge: Charge, exact: Decimal, *, unit_amount: Decimal | None = None) -> RatedLine:
    """The one line of a charge whose amount is not simply its quantity at its rates."""
    amount = 0
    if charge.whole is not None:
        start = _start_of_part(charge)
        with exact_digits():
            part = exact * (charge.end - start) / charge.whole
            amount = round_amount(exact * charge.whole_periods + part)
    return RatedLine(LineKind.UNIT, charge.quantity, exact, amount, unit_amount_decimal=unit_amount)


def _start_of_part(charge: Charge) -> int:
    """Where the part of a period begins, after the whole ones at the start of the span."""
    start, recurring = charge.start, charge.price["recurring"]
    for _ in range(charge.whole_periods):
        start = next_boundary(charge.start, recurring, start)
    return start


def _line(
    subscription: StripeObject, charge: Charge, line: RatedLine, description: str
) -> StripeObject:
    return {
        "id": None,
        "object": "line_item",
        "amount": line.amount,
        "currency": subscription["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": list(charge.item.get("discounts") or ()),
        "invoice": None,
        "livemode": False,
        "metadata": dict(subscription["metadata"]),
        "parent": _parent(subscription, charge),
        "period": {"start": charge.start, "end": charge.end},
        "pretax_credit_amounts": [],
        "pricing": _pricing(charge, line),
        "quantity": int(line.quantity),
        "quantity_decimal": decimal_text(line.quantity),
        "subscription": subscription["id"],
        "subtotal": line.amount,
        "taxes": [],
        "_slot": f"{charge.item['id']}/{charge.start}/{line.tier}/{line.kind}",
        "_tax_rates": list(charge.item.get("tax_rates") or ()),
    }


def _parent(subscription: StripeObject, charge: Charge) -> StripeObject:
    return {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": charge.whole is not None,
            "proration_details": {"credited_items": None},
            "subscription": subscription["id"],
            "subscription_item": charge.item["id"],
        },
    }


def _pricing(charge: Charge, line: RatedLine) -> StripeObject:
    """The price and the rate that the quantity was multiplied with, if it was only that."""
    has_none = line.kind is LineKind.FLAT or charge.whole is not None
    return {
        "type": "price_details",
        "price_details": {"price": charge.price["id"], "product": charge.price["product"]},
        "unit_amount_decimal": (
            None if has_none else decimal_text(line.unit_amount_decimal or _NOTHING)
        ),
    }
