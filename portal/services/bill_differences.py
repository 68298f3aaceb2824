"""What differs between Stripe's preview of an invoice and our rating of the same facts; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from portal.rating.invoice import RatedBillLine, RatedInvoice
from portal.rating.minimums import chargeable
from portal.rating.price import UnusablePrice
from portal.rating.rate import UnusableQuantity
from portal.services.expected_bill import (
    PENDING,
    ExpectedLine,
    LineKey,
    expected_lines,
    key_of,
    key_text,
    rate_preview,
)
from portal.stripe_gateway.facts import InvoiceFacts, InvoiceLineFacts
from portal.stripe_gateway.next_bill.facts import NextBill


class Reason(StrEnum):
    """Why a preview and our rating differ."""

    NO_PREVIEW = "Stripe gives no preview"
    PRICE = "the price cannot be rated"
    MISSING = "Stripe's preview has no such line"
    UNEXPECTED = "Stripe's preview has a line that nothing explains"
    QUANTITY = "Stripe bills another quantity than its meter counted"
    AMOUNT = "Stripe bills another amount for the same quantity"
    DISCOUNT = "the discounts differ"
    CREDIT = "the credits differ"
    TAX = "the taxes differ"
    TOTAL = "the totals differ"
    BALANCE = "the balance is settled otherwise"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where, why, what Stripe says and what we say; a side that has nothing is empty."""

    where: str
    reason: Reason
    stripe: str
    ours: str


def compare(bill: NextBill) -> list[Difference]:
    """All that differs, line by line to the cent.

    Deductions are compared on Stripe's own lines, and each kind only while those before it agree:
    a discount that differs would change the taxes too.
    """
    try:
        expected = expected_lines(bill)
    except (UnusablePrice, UnusableQuantity) as error:
        return [_difference("invoice", Reason.PRICE, None, error)]
    if bill.preview is not None:
        return [
            *_line_differences(bill.preview.lines, expected),
            *_deduction_differences(bill, bill.preview),
        ]
    # What waits for an invoice makes none by itself, and a paused subscription has none
    # (https://docs.stripe.com/api/subscriptions/pause).
    if all(key[0] == PENDING for key in expected) or bill.subscription.status == "paused":
        return []
    amount = sum(line.amount for lines in expected.values() for line in lines)
    return [_difference("invoice", Reason.NO_PREVIEW, bill.refusal or None, amount)]


def _line_differences(
    lines: Sequence[InvoiceLineFacts], expected: Mapping[LineKey, list[ExpectedLine]]
) -> Iterator[Difference]:
    by_key: dict[LineKey, list[InvoiceLineFacts]] = {key: [] for key in expected}
    for line in lines:
        by_key.setdefault(key_of(line), []).append(line)
    for key, found in by_key.items():
        for stripe, ours in zip_longest(found, expected.get(key, ())):
            if stripe is None:
                yield _difference(key_text(key), Reason.MISSING, None, ours.amount)
            elif ours is None:
                yield _difference(_named(stripe), Reason.UNEXPECTED, stripe.amount, None)
            elif ours.quantity is not None and ours.quantity != stripe.quantity:
                sides = (stripe.quantity, ours.quantity)
                yield _difference(_named(stripe), Reason.QUANTITY, *sides)
            elif ours.amount != stripe.amount:
                yield _difference(_named(stripe), Reason.AMOUNT, stripe.amount, ours.amount)


def _deduction_differences(bill: NextBill, preview: InvoiceFacts) -> list[Difference]:
    ours = rate_preview(bill, preview.lines)
    for reason, of_stripe, of_ours in _DEDUCTIONS:
        if reason is Reason.TAX and bill.automatic_tax:
            # What Stripe Tax levies nobody else can know, and the totals follow from it.
            return []
        sides = [
            (_named(line), of_stripe(line), of_ours(rated))
            for line, rated in zip(preview.lines, ours.lines, strict=True)
        ]
        found = [_difference(where, reason, *pair) for where, *pair in sides if pair[0] != pair[1]]
        if found:
            return found
    return _total_differences(preview, ours) or _balance_differences(preview, ours)


def _total_differences(preview: InvoiceFacts, ours: RatedInvoice) -> list[Difference]:
    sides = (
        ("subtotal", preview.subtotal, ours.subtotal),
        ("total", preview.total, ours.total),
    )
    return [
        _difference(name, Reason.TOTAL, stripe, own) for name, stripe, own in sides if stripe != own
    ]


def _balance_differences(preview: InvoiceFacts, ours: RatedInvoice) -> list[Difference]:
    """How the balance changes what is due; what cannot be charged stays on it."""
    sides = (
        ("starting balance", preview.starting_balance, ours.starting_balance),
        ("amount due", preview.amount_due, chargeable(ours.amount_due, preview.currency)),
    )
    return [
        _difference(name, Reason.BALANCE, stripe, own)
        for name, stripe, own in sides
        if stripe != own
    ]


def _discounts(line: InvoiceLineFacts) -> dict[str, int]:
    found = line.stripe_object.get("discount_amounts") or ()
    return _sums((one["discount"], one["amount"]) for one in found)


def _credits(line: InvoiceLineFacts) -> int:
    found = line.stripe_object.get("pretax_credit_amounts") or ()
    return sum(one["amount"] for one in found if one["type"] == "credit_balance_transaction")


def _taxes(line: InvoiceLineFacts) -> dict[str, int]:
    found = line.stripe_object.get("taxes") or ()
    return _sums(
        ((one.get("tax_rate_details") or {}).get("tax_rate", "no rate"), one["amount"])
        for one in found
    )


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, amount in pairs:
        sums[name] = sums.get(name, 0) + amount
    return {name: amount for name, amount in sums.items() if amount}


_DEDUCTIONS: tuple[
    tuple[Reason, Callable[[InvoiceLineFacts], object], Callable[[RatedBillLine], object]], ...
] = (
    (Reason.DISCOUNT, _discounts, lambda rated: _sums(rated.discount_amounts)),
    (Reason.CREDIT, _credits, lambda rated: sum(amount for _, amount in rated.credit_amounts)),
    (Reason.TAX, _taxes, lambda rated: _sums((one.tax_rate.id, one.amount) for one in rated.taxes)),
)


def _difference(where: str, reason: Reason, stripe: object, ours: object) -> Difference:
    return Difference(where, reason, _shown(stripe), _shown(ours))


def _named(line: InvoiceLineFacts) -> str:
    return line.description or line.id


def _shown(side: object) -> str:
    if isinstance(side, dict):
        return ", ".join(f"{amount} of {name}" for name, amount in sorted(side.items()))
    return "" if side is None else str(side)
