"""Why the upcoming invoice's subtotal is not the spend to date, reason by reason. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.components.formats import period_text
from portal.money import Money
from portal.services.reports import UpcomingInvoice, UsageReport


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a difference, and the words that follow its amount."""

    amount: Money
    words: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference; its reasons add up to it, and none of them is zero."""

    amount: Money
    reasons: tuple[Reason, ...]


def difference_of(upcoming: UpcomingInvoice, report: UsageReport) -> Difference:
    """The upcoming subtotal less the spend to date."""
    return Difference(
        upcoming.subtotal - report.spend_to_date,
        tuple(reason for reason in _reasons(upcoming, report) if reason.amount.amount),
    )


def _reasons(upcoming: UpcomingInvoice, report: UsageReport) -> Iterator[Reason]:
    plans = _sum(upcoming, "in advance") - report.licensed_total
    yield Reason(plans, f"for plans and add-ons {_plan_time(upcoming)}")
    yield Reason(_sum(upcoming, "proration"), "for changes within the period")
    yield Reason(_sum(upcoming, "one-time"), "billed once")
    usage = _sum(upcoming, "in arrears") - (report.spend_to_date - report.licensed_total)
    moved = "arrived" if usage.amount > 0 else "was corrected"
    yield Reason(usage, f"of usage {moved} between the two reads")
    lines = Money(sum(line.amount.amount for line in upcoming.lines), upcoming.subtotal.currency)
    yield Reason(upcoming.subtotal - lines, "of discounts on lines")


def _plan_time(upcoming: UpcomingInvoice) -> str:
    """Plans are billed in advance: the preview carries those of the period that comes."""
    ahead = [line.period for line in upcoming.lines if line.timing == "in advance"]
    return f"of {period_text(ahead[0])}" if ahead else "that end with this period"


def _sum(upcoming: UpcomingInvoice, timing: str) -> Money:
    amounts = [line.amount.amount for line in upcoming.lines if line.timing == timing]
    return Money(sum(amounts), upcoming.subtotal.currency)
