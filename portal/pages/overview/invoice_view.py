"""The card of the upcoming invoice: Stripe's preview row by row, and why it differs. Pure."""

from dataclasses import dataclass

from portal.components.formats import day_text, period_text
from portal.money import Money, money_text
from portal.services.reports import UpcomingInvoice, UpcomingLine, UsageReport


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A name, a caption and an amount as they stand on the card."""

    name: str
    caption: str
    amount: str


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """The preview; without one `available` is False and nothing else is set."""

    available: bool = False
    issued: str = ""
    lines: tuple[InvoiceRow, ...] = ()
    subtotal: str = ""
    difference: InvoiceRow = InvoiceRow("", "", "")
    reductions: tuple[InvoiceRow, ...] = ()
    total: str = ""
    settlement: tuple[InvoiceRow, ...] = ()
    payment_method: str = ""


def invoice_view(upcoming: UpcomingInvoice | None, report: UsageReport) -> InvoiceView:
    """The preview as Stripe gave it; every shown sum is Stripe's own."""
    if upcoming is None:
        return InvoiceView()
    return InvoiceView(
        available=True,
        issued=f"issued {day_text(upcoming.issues_at)}",
        lines=tuple(_line_row(line) for line in upcoming.lines),
        subtotal=money_text(upcoming.subtotal),
        difference=_difference(upcoming, report),
        reductions=_rows_that_matter(
            ("Discounts", upcoming.discounts),
            ("Credits", upcoming.credits),
            ("Tax", upcoming.tax),
        ),
        total=money_text(upcoming.total),
        settlement=_settlement(upcoming),
        payment_method=upcoming.payment_method or "No payment method",
    )


def _line_row(line: UpcomingLine) -> InvoiceRow:
    is_several = line.timing == "in advance" and line.quantity != 1
    many = f"{line.quantity:,f} × " if is_several else ""
    return InvoiceRow(f"{many}{line.name}", _line_caption(line), money_text(line.amount))


def _line_caption(line: UpcomingLine) -> str:
    if line.timing == "in arrears":
        return ""
    kind = "in advance" if line.timing == "in advance" else "prorated"
    return f"{period_text(line.period)}, {kind}"


def _rows_that_matter(*rows: tuple[str, Money]) -> tuple[InvoiceRow, ...]:
    return tuple(InvoiceRow(name, "", money_text(money)) for name, money in rows if money.amount)


def _settlement(upcoming: UpcomingInvoice) -> tuple[InvoiceRow, ...]:
    """What stands between the total and the amount due, when the two differ."""
    rows = _rows_that_matter(("Customer balance", upcoming.starting_balance))
    if not rows and upcoming.amount_due == upcoming.total:
        return ()
    return (*rows, InvoiceRow("Amount due", "", money_text(upcoming.amount_due)))


def _difference(upcoming: UpcomingInvoice, report: UsageReport) -> InvoiceRow:
    """Why the preview's subtotal is not the spend to date; empty when it is."""
    difference = upcoming.subtotal - report.spend_to_date
    if not difference.amount:
        return InvoiceRow("", "", "")
    usage = _sum(upcoming, "in arrears") - (report.spend_to_date - report.licensed_total)
    plans = difference - usage
    reasons = []
    if plans.amount:
        reasons.append(
            f"{money_text(plans, signed=True)} for plans and add-ons {_plan_time(upcoming)}"
        )
    if usage.amount:
        moved = "arrived" if usage.amount > 0 else "was corrected"
        reasons.append(f"{money_text(usage, signed=True)} of usage {moved} between the two reads")
    return InvoiceRow(
        "Against spend to date", "; ".join(reasons), money_text(difference, signed=True)
    )


def _plan_time(upcoming: UpcomingInvoice) -> str:
    """Plans are billed in advance: the preview carries those of the period that comes."""
    ahead = [line.period for line in upcoming.lines if line.timing == "in advance"]
    return f"of {period_text(ahead[0])}" if ahead else "that end with this period"


def _sum(upcoming: UpcomingInvoice, timing: str) -> Money:
    amounts = [line.amount.amount for line in upcoming.lines if line.timing == timing]
    return Money(sum(amounts), upcoming.subtotal.currency)
