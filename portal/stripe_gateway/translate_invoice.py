"""From Stripe's JSON to the facts of an invoice, or of the preview of one, and its lines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.clock import from_epoch
from portal.errors import PortalError
from portal.stripe_gateway.facts import InvoiceFacts, InvoiceLineFacts
from portal.stripe_gateway.translate import StripeObject, exact, id_of, moment, without

# What a column for amounts holds: whole numbers of 64 bits.
_LARGEST_AMOUNT = 2**63 - 1


class AmountTooLarge(PortalError):
    """An invoice has an amount beyond all that is kept; `invoice_id` names it."""

    def __init__(self, invoice_id: str, amount: int) -> None:
        super().__init__(f"Invoice {invoice_id} has an amount of {len(str(abs(amount)))} digits.")
        self.invoice_id = invoice_id


def invoice_facts(
    invoice: StripeObject, lines: Sequence[StripeObject], read_at: datetime
) -> InvoiceFacts:
    """An invoice, or the preview of one, with all its lines, which Stripe embeds ten at a time.

    Raises AmountTooLarge.
    """
    _check_amounts(invoice, lines)
    transitions = invoice["status_transitions"]
    return InvoiceFacts(
        id=invoice.get("id", ""),  # a preview may have none
        read_at=read_at,
        stripe_object=without(invoice, "lines"),
        customer_id=id_of(invoice["customer"]),
        subscription_id=_invoiced_subscription(invoice),
        number=invoice.get("number"),
        status=invoice.get("status"),
        billing_reason=invoice.get("billing_reason"),
        currency=invoice["currency"],
        subtotal=invoice["subtotal"],
        discount_amount=_sum_amounts(invoice.get("total_discount_amounts")),
        credit_amount=_credits(invoice.get("total_pretax_credit_amounts")),
        tax_amount=_sum_amounts(invoice.get("total_taxes")),
        total=invoice["total"],
        starting_balance=invoice["starting_balance"],
        amount_due=invoice["amount_due"],
        amount_paid=invoice["amount_paid"],
        amount_remaining=invoice["amount_remaining"],
        period_start=from_epoch(invoice["period_start"]),
        period_end=from_epoch(invoice["period_end"]),
        created_at=from_epoch(invoice["created"]),
        due_date=moment(invoice.get("due_date")),
        finalized_at=moment(transitions.get("finalized_at")),
        paid_at=moment(transitions.get("paid_at")),
        next_payment_attempt=moment(invoice.get("next_payment_attempt")),
        lines=tuple(_line_facts(line, position) for position, line in enumerate(lines)),
    )


def _line_facts(line: StripeObject, position: int) -> InvoiceLineFacts:
    parent = line.get("parent") or {}
    details = parent.get(parent.get("type", "")) or {}
    pricing = line.get("pricing") or {}
    price_details = pricing.get("price_details") or {}
    return InvoiceLineFacts(
        id=line["id"],
        position=position,
        amount=line["amount"],
        currency=line["currency"],
        description=line.get("description"),
        quantity=exact(line.get("quantity_decimal") or line.get("quantity")),
        unit_amount_decimal=exact(pricing.get("unit_amount_decimal")),
        price_id=id_of(price_details.get("price")),
        product_id=id_of(price_details.get("product")),
        subscription_id=id_of(details.get("subscription")),
        subscription_item_id=id_of(details.get("subscription_item")),
        proration=bool(details.get("proration")),
        period_start=from_epoch(line["period"]["start"]),
        period_end=from_epoch(line["period"]["end"]),
        stripe_object=line,
    )


def _check_amounts(invoice: StripeObject, lines: Sequence[StripeObject]) -> None:
    totals = (invoice[name] for name in ("subtotal", "total", "starting_balance", "amount_due"))
    for amount in (*totals, *(line["amount"] for line in lines)):
        if abs(amount) > _LARGEST_AMOUNT:
            raise AmountTooLarge(invoice.get("id", "to come"), amount)


def _invoiced_subscription(invoice: StripeObject) -> Any:
    parent = invoice.get("parent") or {}
    return id_of((parent.get("subscription_details") or {}).get("subscription"))


def _sum_amounts(parts: Sequence[StripeObject] | None) -> int:
    return sum(part["amount"] for part in parts or ())


def _credits(parts: Sequence[StripeObject] | None) -> int:
    """Billing credits alone: discounts stand in the same list.

    https://docs.stripe.com/api/invoices/object#invoice_object-total_pretax_credit_amounts
    """
    return _sum_amounts(
        [part for part in parts or () if part["type"] == "credit_balance_transaction"]
    )
