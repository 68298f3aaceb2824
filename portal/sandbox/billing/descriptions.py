"""What an invoice line says, in Stripe's words: `1 user × Scale plan (at $499.00 / month)`."""

from decimal import Decimal
from typing import Any

from portal.clock import from_epoch
from portal.money import rate_text
from portal.rating.price import Price
from portal.rating.rate import LineKind, RatedLine
from portal.sandbox.fields import decimal_text

StripeObject = dict[str, Any]
# What a proration's text begins with: a credit's and a debit's.
UNUSED, REMAINING = "Unused time", "Remaining time"


def line_description(
    line: RatedLine, price: Price, product: StripeObject, recurring: StripeObject
) -> str:
    """The text of a subscription line. A flat fee has no quantity; a tier says its number."""
    amount = line.flat_amount_decimal if line.kind is LineKind.FLAT else line.unit_amount_decimal
    at = f"at {rate_text(amount or Decimal(0), price.currency)}"
    if line.kind is LineKind.PACKAGE and price.transform_quantity is not None:
        at = f"{at} per {price.transform_quantity.divide_by} units"
    if line.tier is not None:
        at = f"Tier {line.tier} {at}"
    rate = f"{product['name']} ({at} {_every(recurring)})"
    return rate if line.kind is LineKind.FLAT else f"{_units(line.quantity, product)} × {rate}"


def billed_description(line: RatedLine, price: Price) -> str:
    """The text of a line that takes off what an earlier invoice billed of the same usage."""
    if line.kind is LineKind.FLAT:
        return "Amount previously billed (flat fee)"
    rate = rate_text(line.unit_amount_decimal or Decimal(0), price.currency)
    return f"Amount previously billed (at {rate} per unit)"


def trial_description(quantity: Decimal, product: StripeObject) -> str:
    """The text of a line for the time of a free trial."""
    return f"Free trial for {_units(quantity, product)} × {product['name']}"


def proration_description(words: str, quantity: Decimal, product: StripeObject, at: int) -> str:
    """The text of a credit (UNUSED) or of a debit (REMAINING) for the time from a moment on."""
    of = product["name"] if quantity == 1 else f"{decimal_text(quantity)} × {product['name']}"
    return f"{words} on {of} after {from_epoch(at):%d %b %Y}"


def _units(quantity: Decimal, product: StripeObject) -> str:
    label = product.get("unit_label")
    return f"{decimal_text(quantity)} {label}" if label else decimal_text(quantity)


def _every(recurring: StripeObject) -> str:
    interval, count = recurring["interval"], recurring["interval_count"]
    return f"/ {interval}" if count == 1 else f"every {count} {interval}s"
