"""The card of the upcoming invoice: Stripe's preview row by row, and why it differs. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.components.formats import day_text, percent_text, period_text
from portal.money import Money, money_text
from portal.pages.overview.difference import Difference, difference_of
from portal.services.reports import Deduction, UpcomingInvoice, UpcomingLine, UsageReport


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A name, a caption and an amount as they stand on the card."""

    name: str
    caption: str
    amount: str


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """The preview; without one `available` is False and nothing else is set.

    The lines come to the subtotal, that with the deductions to the total, and that with the
    settlement but its last row to the last row, the amount due.
    """

    available: bool = False
    issued: str = ""
    lines: tuple[InvoiceRow, ...] = ()
    subtotal: str = ""
    difference: InvoiceRow = InvoiceRow("", "", "")
    deductions: tuple[InvoiceRow, ...] = ()
    total: str = ""
    included: tuple[InvoiceRow, ...] = ()
    settlement: tuple[InvoiceRow, ...] = ()
    amount_due: str = ""
    payment_method: str = ""


def invoice_view(upcoming: UpcomingInvoice | None, report: UsageReport) -> InvoiceView:
    """The preview as Stripe gave it; every shown sum is Stripe's own."""
    if upcoming is None:
        return InvoiceView()
    settlement = _settlement(upcoming)
    return InvoiceView(
        available=True,
        issued=f"issued {day_text(upcoming.issues_at)}",
        lines=(*map(_line_row, upcoming.lines), *_named_rows(upcoming.line_discounts)),
        subtotal=money_text(upcoming.subtotal),
        difference=_difference_row(difference_of(upcoming, report)),
        deductions=(
            *_named_rows(upcoming.discounts),
            *_rows_that_matter(("Credits", upcoming.credits)),
            *_named_rows(upcoming.taxes),
            *_rows_that_matter(("Other adjustments", upcoming.adjustment)),
        ),
        total=money_text(upcoming.total),
        included=_included(upcoming.included_taxes),
        settlement=settlement,
        amount_due=money_text(upcoming.amount_due) if settlement else "",
        payment_method=upcoming.payment_method or "No payment method",
    )


def _line_row(line: UpcomingLine) -> InvoiceRow:
    is_several = line.timing == "in advance" and line.quantity != 1
    many = f"{line.quantity:,f} × " if is_several else ""
    return InvoiceRow(f"{many}{line.name}", _line_caption(line), money_text(line.amount))


def _line_caption(line: UpcomingLine) -> str:
    if line.timing == "in arrears":
        return ""
    kind = "prorated" if line.timing == "proration" else line.timing
    return f"{period_text(line.period)}, {kind}"


def _named_rows(deductions: Iterable[Deduction]) -> tuple[InvoiceRow, ...]:
    return tuple(InvoiceRow(_name(one), "", money_text(one.amount)) for one in deductions)


def _included(taxes: Iterable[Deduction]) -> tuple[InvoiceRow, ...]:
    return tuple(
        InvoiceRow(f"{_name(one)}, within the total", "", money_text(one.amount)) for one in taxes
    )


def _name(deduction: Deduction) -> str:
    """The name, and the percentage unless the name says it: VAT, 19%."""
    if deduction.percentage is None:
        return deduction.name
    percent = percent_text(deduction.percentage)
    return deduction.name if percent in deduction.name else f"{deduction.name}, {percent}"


def _rows_that_matter(*rows: tuple[str, Money]) -> tuple[InvoiceRow, ...]:
    return tuple(InvoiceRow(name, "", money_text(money)) for name, money in rows if money.amount)


def _settlement(upcoming: UpcomingInvoice) -> tuple[InvoiceRow, ...]:
    """What stands between the total and the amount due, when the two differ.

    Of a balance in the customer's favour that is as much as the total takes.
    """
    total, balance = upcoming.total.amount, upcoming.starting_balance.amount
    used = max(balance, -max(total, 0)) if balance < 0 else balance
    currency = upcoming.total.currency
    carried = upcoming.amount_due.amount - total - used
    left = f"{money_text(Money(used - balance, currency))} stays" if used != balance else ""
    rows = [
        InvoiceRow(name, caption, money_text(Money(amount, currency)))
        for name, caption, amount in (
            ("Customer balance", left, used),
            ("Kept for the next invoice", "", carried),
        )
        if amount
    ]
    return tuple(rows)


def _difference_row(difference: Difference) -> InvoiceRow:
    """Why the preview's subtotal is not the spend to date; empty when it is."""
    if not difference.amount.amount:
        return InvoiceRow("", "", "")
    reasons = [
        f"{money_text(reason.amount, signed=True)} {reason.words}" for reason in difference.reasons
    ]
    return InvoiceRow(
        "Against spend to date", "; ".join(reasons), money_text(difference.amount, signed=True)
    )
