"""Invoice lines: the one place that makes them, for previews and for real invoices alike."""

from decimal import Decimal
from typing import Any

from portal.rating.price import price_from_stripe
from portal.rating.rate import LineKind, RatedLine, rate
from portal.sandbox.billing.charges import Charge
from portal.sandbox.billing.descriptions import decimal_text, line_description, trial_description
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NOTHING = Decimal(0)


def charge_lines(store: Store, subscription: StripeObject, charge: Charge) -> list[StripeObject]:
    """The lines of a charge, in Stripe's order, without an id and an invoice yet.

    A metered charge makes a line even without usage. `_slot` tells an invoice's lines apart.
    """
    price = price_from_stripe(charge.price)
    product = store.get("product", charge.price["product"])
    if product is None:
        raise LookupError(f"{charge.price['id']} has a product that is not there")
    if charge.is_free:
        free = RatedLine(LineKind.UNIT, charge.quantity, _NOTHING, 0, unit_amount_decimal=_NOTHING)
        description = trial_description(charge.quantity, product)
        return [_line(subscription, charge, free) | {"description": description}]
    return [
        _line(subscription, charge, line)
        | {"description": line_description(line, price, product, charge.price["recurring"])}
        for line in rate(price, charge.quantity).lines
    ]


def _line(subscription: StripeObject, charge: Charge, line: RatedLine) -> StripeObject:
    return {
        "id": None,
        "object": "line_item",
        "amount": line.amount,
        "currency": charge.price["currency"],
        "description": None,
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
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": subscription["id"],
            "subscription_item": charge.item["id"],
        },
    }


def _pricing(charge: Charge, line: RatedLine) -> StripeObject:
    """The price and, but for a flat fee, the rate that the quantity was multiplied with."""
    is_flat = line.kind is LineKind.FLAT
    return {
        "type": "price_details",
        "price_details": {"price": charge.price["id"], "product": charge.price["product"]},
        "unit_amount_decimal": (
            None if is_flat else decimal_text(line.unit_amount_decimal or _NOTHING)
        ),
    }
