"""The lines of a credit note: what of an invoice's lines is credited, with its share of the rest.

https://docs.stripe.com/api/credit_notes/line_item: a line's discounts, credits and taxes are
credited in the proportion in which its amount is.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from portal.money import round_amount
from portal.rating.taxes import line_taxes
from portal.sandbox.billing.taxes import rate_named, shown_taxes
from portal.sandbox.fields import decimal_text
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def credited_line(line: StripeObject, amount: int, quantity: int | None) -> StripeObject:
    """So much of an invoice line, which has an amount of its own."""
    part = Fraction(amount, line["amount"])
    discounts = [{**one, "amount": _share(one["amount"], part)} for one in line["discount_amounts"]]
    credits = [
        {**one, "amount": _share(one["amount"], part)} for one in line["pretax_credit_amounts"]
    ]
    taxes = [
        {
            **tax,
            "amount": _share(tax["amount"], part),
            "taxable_amount": _share(tax["taxable_amount"], part),
        }
        for tax in line["taxes"]
    ]
    return {
        **_blank("invoice_line_item"),
        "amount": amount,
        "description": line["description"],
        "discount_amount": sum(one["amount"] for one in discounts),
        "discount_amounts": discounts,
        "invoice_line_item": line["id"],
        "pretax_credit_amounts": credits,
        "quantity": quantity,
        **_unit(amount, quantity),
        "tax_rates": [tax["tax_rate_details"]["tax_rate"] for tax in taxes],
        "taxes": taxes,
    }


def custom_line(
    store: Store,
    unit_amount: Decimal,
    quantity: int,
    description: str | None,
    tax_rates: Sequence[str] = (),
) -> StripeObject:
    """A line that stands for nothing on the invoice."""
    amount = round_amount(unit_amount * quantity)
    taxes = line_taxes(amount, [rate_named(store, id) for id in tax_rates])
    is_whole = unit_amount == unit_amount.to_integral_value()
    return {
        **_blank("custom_line_item"),
        "amount": amount,
        "description": description,
        "quantity": quantity,
        "tax_rates": list(tax_rates),
        "taxes": shown_taxes(taxes),
        "unit_amount": int(unit_amount) if is_whole else None,
        "unit_amount_decimal": decimal_text(unit_amount),
    }


def summed(lines: Sequence[StripeObject]) -> StripeObject:
    """The amounts of a credit note with these lines."""
    discounts = _by(lines, "discount_amounts", "discount")
    used = [one for line in lines for one in line["pretax_credit_amounts"]]
    credits = [one for one in used if one["type"] != "discount"]
    taxes = _taxes(lines)
    exclusive = _sum(one for one in taxes if one["tax_behavior"] == "exclusive")
    inclusive = _sum(one for one in taxes if one["tax_behavior"] == "inclusive")
    subtotal = _sum(lines)
    total = subtotal - _sum(discounts) - _sum(credits) + exclusive
    return {
        "amount": total,
        "discount_amount": _sum(discounts),
        "discount_amounts": discounts,
        "pretax_credit_amounts": [*({**one, "type": "discount"} for one in discounts), *credits],
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": total,
        "total_excluding_tax": total - exclusive - inclusive,
        "total_taxes": taxes,
    }


def _blank(type: str) -> StripeObject:
    return {
        "id": None,
        "object": "credit_note_line_item",
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": False,
        "metadata": None,
        "pretax_credit_amounts": [],
        "type": type,
        "unit_amount": None,
        "unit_amount_decimal": None,
    }


def _unit(amount: int, quantity: int | None) -> StripeObject:
    """What a unit is credited with, where that is a whole amount."""
    if quantity is None or amount % quantity:
        return {}
    return {"unit_amount": amount // quantity, "unit_amount_decimal": str(amount // quantity)}


def _share(amount: int, part: Fraction) -> int:
    exact = amount * part
    return round_amount(Decimal(exact.numerator) / exact.denominator)


def _sum(parts: Any) -> int:
    return sum(part["amount"] for part in parts)


def _by(lines: Sequence[StripeObject], name: str, source: str) -> list[StripeObject]:
    sums: dict[str, int] = {}
    for one in (one for line in lines for one in line[name]):
        sums[one[source]] = sums.get(one[source], 0) + one["amount"]
    return [{"amount": amount, source: id} for id, amount in sums.items()]


def _taxes(lines: Sequence[StripeObject]) -> list[StripeObject]:
    """The taxes of all lines, one entry for each rate."""
    sums: dict[str, StripeObject] = {}
    for tax in (tax for line in lines for tax in line["taxes"]):
        known = sums.setdefault(
            tax["tax_rate_details"]["tax_rate"], tax | {"amount": 0, "taxable_amount": 0}
        )
        known["amount"] += tax["amount"]
        known["taxable_amount"] += tax["taxable_amount"]
    return list(sums.values())
