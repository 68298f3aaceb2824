"""Taxes of an invoice's lines, by tax rates that the vendor keeps.

https://docs.stripe.com/billing/taxes/tax-rates
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from portal.rating.taxes import TaxAmount, TaxRate
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def rates_for(
    store: Store, invoice: StripeObject, line: StripeObject, tax_exempt: str
) -> tuple[TaxRate, ...]:
    """A line's own tax rates, or else the invoice's; none for an exempt customer.

    https://docs.stripe.com/billing/taxes/tax-rates#tax-exempt: a customer to whom the reverse
    charge applies pays no tax here either.
    """
    ids: Sequence[str] = line.get("_tax_rates") or invoice["default_tax_rates"]
    if tax_exempt != "none" or not ids:
        return ()
    return tuple(rate_named(store, id) for id in ids)


def shown_taxes(taxes: Iterable[TaxAmount]) -> list[StripeObject]:
    """Taxes as invoices and their lines show them."""
    return [
        {
            "amount": tax.amount,
            "tax_behavior": "inclusive" if tax.tax_rate.inclusive else "exclusive",
            "tax_rate_details": {"tax_rate": tax.tax_rate.id},
            "taxability_reason": "not_available",
            "taxable_amount": tax.taxable_amount,
            "type": "tax_rate_details",
        }
        for tax in taxes
    ]


def rate_named(store: Store, id: str) -> TaxRate:
    """The tax rate as the rating takes it."""
    rate = store.look("tax_rate", id)
    if rate is None:
        raise LookupError(f"the tax rate {id}, by which a line is taxed, is not there")
    return TaxRate(id, Decimal(rate["_percentage"]), rate["inclusive"])
