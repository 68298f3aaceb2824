"""What an invoice comes to: discounts, credits, taxes and the balance, as they are at the moment.

Stripe's order is https://docs.stripe.com/billing/subscriptions/usage-based/billing-credits; the
arithmetic is portal.rating.invoice. On a draft the amounts are tentative: credits and the balance
are used up only by `settle`, when the invoice is finalised.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from portal.rating.invoice import (
    BillLine,
    CreditGrant,
    RatedBillLine,
    RatedInvoice,
    rate_invoice,
)
from portal.rating.minimums import chargeable
from portal.sandbox.billing.balance import balance_in, settle_balance
from portal.sandbox.billing.credits import apply_credits, credit_amount, grants_for
from portal.sandbox.billing.discounts import finish_discounts, in_force, rated_discounts
from portal.sandbox.billing.parents import is_proration, subscription_of
from portal.sandbox.billing.taxes import rates_for, shown_taxes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def with_totals(
    store: Store,
    invoice: StripeObject,
    lines: Iterable[StripeObject],
    *,
    is_final: bool = False,
) -> tuple[StripeObject, list[StripeObject]]:
    """The draft and its lines with their amounts, by the discounts, taxes and credits of now.

    While it stays a draft it leaves the credits that earlier drafts will use.
    """
    lines = [_with_own_discounts(store, invoice, line) for line in lines]
    rated = _rated(store, invoice, lines, grants_for(store, invoice, is_final=is_final))
    billed = [line | _line_amounts(of_it) for line, of_it in zip(lines, rated.lines, strict=True)]
    billed = [_naming_discounts(store, invoice, line) for line in billed]
    return invoice | _invoice_amounts(store, invoice, rated, billed), billed


def settle(
    store: Store, invoice: StripeObject, lines: Sequence[StripeObject], at: int
) -> tuple[StripeObject, list[StripeObject]]:
    """Use up what the totals count on: credits, the customer's balance and discounts given once.

    The invoice and its lines must have their totals and ids. The answer names the transactions.
    """
    lines = apply_credits(store, invoice, lines, at)
    settle_balance(store, invoice, at)
    finish_discounts(store, invoice, lines)
    return _settled(invoice, lines), lines


def foretold(
    invoice: StripeObject, lines: Sequence[StripeObject]
) -> tuple[StripeObject, list[StripeObject]]:
    """The invoice and its lines as a preview shows them: settled, but nothing was used up."""
    unused = [line | {"pretax_credit_amounts": _unused_credits(line)} for line in lines]
    return _settled(invoice, unused), unused


def _settled(invoice: StripeObject, lines: Sequence[StripeObject]) -> StripeObject:
    ending = invoice["starting_balance"] + invoice["total"] - invoice["amount_due"]
    credits = _pretax_credits(invoice, lines)
    return invoice | {"ending_balance": ending, "total_pretax_credit_amounts": credits}


def _unused_credits(line: StripeObject) -> list[StripeObject]:
    return [
        one if one["type"] == "discount" else credit_amount(one["amount"])
        for one in line["pretax_credit_amounts"]
    ]


def _rated(
    store: Store,
    invoice: StripeObject,
    lines: Sequence[StripeObject],
    grants: Iterable[CreditGrant],
) -> RatedInvoice:
    currency, exempt = invoice["currency"], _tax_exempt(store, invoice)
    bill = [
        BillLine(
            key=str(place),
            amount=line["amount"],
            product=_priced(line, "product"),
            price=_priced(line, "price"),
            is_metered=_is_metered(store, line),
            period_end=line["period"]["end"],
            discountable=line["discountable"],
            discounts=rated_discounts(store, line["discounts"], currency),
            tax_rates=rates_for(store, invoice, line, exempt),
        )
        for place, line in enumerate(lines)
    ]
    return rate_invoice(
        bill,
        discounts=rated_discounts(store, in_force(store, invoice["discounts"], invoice), currency),
        grants=grants,
        balance=balance_in(store, invoice["customer"], currency),
        spread_evenly=_is_classic(store, invoice),
    )


def _with_own_discounts(store: Store, invoice: StripeObject, line: StripeObject) -> StripeObject:
    """The line with those of its item's discounts that still hold when the invoice is made."""
    if not line["discounts"]:
        return line
    return line | {"discounts": in_force(store, line["discounts"], invoice)}


def _line_amounts(rated: RatedBillLine) -> StripeObject:
    discounts = _discount_amounts(rated.discount_amounts)
    return {
        "discount_amounts": discounts,
        "pretax_credit_amounts": [
            *({**amount, "type": "discount"} for amount in discounts),
            *(credit_amount(amount) for _, amount in rated.credit_amounts),
        ],
        "taxes": shown_taxes(rated.taxes),
        "_credits": [list(pair) for pair in rated.credit_amounts],
    }


def _naming_discounts(store: Store, invoice: StripeObject, line: StripeObject) -> StripeObject:
    """The line; a proration names the discounts of the whole invoice, though its amount is net.

    https://docs.stripe.com/changelog/clover/2025-09-30/itemize-proration-discount-amounts
    """
    if line["discountable"] or not is_proration(line):
        return line
    named = [(id, 0) for id in in_force(store, invoice["discounts"], invoice)]
    return line | {"discount_amounts": _discount_amounts(named)}


def _invoice_amounts(
    store: Store, invoice: StripeObject, rated: RatedInvoice, lines: Sequence[StripeObject]
) -> StripeObject:
    due = chargeable(rated.amount_due, invoice["currency"])
    totals = invoice | {
        "amount_due": due,
        "amount_remaining": due - invoice["amount_paid"],
        "customer_tax_exempt": _tax_exempt(store, invoice),
        "starting_balance": rated.starting_balance,
        "subtotal": rated.subtotal,
        "subtotal_excluding_tax": rated.subtotal_excluding_tax,
        "total": rated.total,
        "total_discount_amounts": _discount_amounts(rated.discount_amounts.items()),
        "total_excluding_tax": rated.total_excluding_tax,
        "total_taxes": shown_taxes(rated.taxes),
    }
    return totals | {"total_pretax_credit_amounts": _pretax_credits(totals, lines)}


def _discount_amounts(amounts: Iterable[tuple[str, int]]) -> list[StripeObject]:
    return [{"amount": amount, "discount": discount} for discount, amount in amounts]


def _pretax_credits(invoice: StripeObject, lines: Iterable[StripeObject]) -> list[StripeObject]:
    """The discounts, each summed up, and then every single use of a credit."""
    discounts = [{**one, "type": "discount"} for one in invoice["total_discount_amounts"]]
    used = (one for line in lines for one in line["pretax_credit_amounts"])
    return [*discounts, *(one for one in used if one["type"] != "discount")]


def _tax_exempt(store: Store, invoice: StripeObject) -> str:
    """Until the invoice is finalised it follows its customer's tax status."""
    customer = store.look("customer", invoice["customer"]) or {}
    return str(customer.get("tax_exempt", "none"))


def _is_metered(store: Store, line: StripeObject) -> bool:
    price = store.look("price", _priced(line, "price") or "") or {}
    return bool((price.get("recurring") or {}).get("usage_type") == "metered")


def _priced(line: StripeObject, name: str) -> str | None:
    details: StripeObject = (line["pricing"] or {}).get("price_details") or {}
    return details.get(name)


def _is_classic(store: Store, invoice: StripeObject) -> bool:
    subscription = store.look("subscription", subscription_of(invoice) or "") or {}
    return bool((subscription.get("billing_mode") or {}).get("type") == "classic")
