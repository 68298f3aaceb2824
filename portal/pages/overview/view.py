"""What the overview shows, already written: built from the services' reports. Pure."""

from dataclasses import dataclass, field

from portal.clock import to_epoch
from portal.components.formats import (
    currency_text,
    day_text,
    days_in,
    period_name,
    period_text,
    short_period_name,
    time_text,
)
from portal.components.key_figure import KeyFigure
from portal.components.money_text import money_figure
from portal.components.spend_plot import SpendPlot, spend_plot
from portal.money import money_text
from portal.pages.overview.first_steps import FirstSteps, first_steps, has_usage, is_on_trial
from portal.pages.overview.invoice_view import InvoiceView, invoice_view
from portal.pages.overview.meters_view import MakeUpView, make_up_view
from portal.pages.overview.standing_view import StandingView, standing_view
from portal.services.reports import (
    NO_SUBSCRIPTION,
    PreviousPeriod,
    Standing,
    UpcomingInvoice,
    UsageReport,
)

_SPEND = KeyFigure("Spend to date")
_PREVIOUS = KeyFigure("Last period")
_UPCOMING = KeyFigure("Upcoming invoice")
# In these a subscription without a preview will have no next invoice.
_WITHOUT_INVOICE = frozenset({"paused", "ending", "trialing"})


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The whole page. `loaded` is False until the first report, `subscribed` without a plan.

    `read_at` is in Unix seconds, 0 when Stripe has not answered yet: its age is counted in the
    browser.
    """

    loaded: bool = False
    subscribed: bool = False
    first_steps: FirstSteps = field(default_factory=FirstSteps)
    period: str = ""
    read_at: int = 0
    silent_since: str = ""
    standing: StandingView = field(default_factory=StandingView)
    spend: KeyFigure = _SPEND
    previous: KeyFigure = _PREVIOUS
    upcoming: KeyFigure = _UPCOMING
    plot: SpendPlot = field(default_factory=SpendPlot)
    invoice: InvoiceView = field(default_factory=InvoiceView)
    make_up: MakeUpView = field(default_factory=MakeUpView)
    footnote: str = ""


EMPTY_OVERVIEW = OverviewView()


def overview_view(
    report: UsageReport | None,
    upcoming: UpcomingInvoice | None,
    *,
    standing: Standing = NO_SUBSCRIPTION,
    stripe_answers: bool = True,
) -> OverviewView:
    """The page for a report; without one the customer has no active subscription."""
    if report is None:
        return OverviewView(loaded=True, standing=standing_view(standing))
    return OverviewView(
        loaded=True,
        subscribed=True,
        first_steps=first_steps(report),
        period=period_text(report.period, year=True),
        read_at=to_epoch(report.read_at) if report.read_at else 0,
        silent_since="" if stripe_answers else _silent_since(report),
        standing=standing_view(standing, now=report.now),
        spend=_spend(report),
        previous=_previous(report.previous),
        upcoming=_upcoming(upcoming, standing),
        plot=spend_plot(report),
        invoice=invoice_view(upcoming, report),
        make_up=make_up_view(report, upcoming),
        footnote=_footnote(report.currency),
    )


def _silent_since(report: UsageReport) -> str:
    return f"{time_text(report.read_at)} UTC" if report.read_at else "the last answer"


def _spend(report: UsageReport) -> KeyFigure:
    days = days_in(report.period)
    day = min(max((report.now - report.period.start).days + 1, 1), days)
    strong, after = _spend_compared(report)
    return KeyFigure(
        label="Spend to date",
        amount=money_figure(report.spend_to_date),
        strong=strong,
        after=after,
        second=f"Day {day} of {days}, before credits and tax",
    )


def _spend_compared(report: UsageReport) -> tuple[str, str]:
    """The difference from the last period at equal elapsed time, and the words after it."""
    if report.previous is None:
        if is_on_trial(report):
            return "", "Free in the trial"
        return "", "Plan and usage so far" if has_usage(report) else "Plan only, no usage yet"
    difference = report.spend_to_date - report.previous.spend_at_this_point
    name = period_name(report.previous.period)
    if not difference.amount:
        return "", f"Same as {name} at this point"
    return money_text(difference, signed=True), f" on {name} at this point"


def _previous(previous: PreviousPeriod | None) -> KeyFigure:
    if previous is None:
        return KeyFigure(
            "Last period",
            word="None yet",
            before="This is the first period",
            second="Nothing to compare with yet",
        )
    name = short_period_name(previous.period)
    return KeyFigure(
        label=f"{name[0].upper()}{name[1:]} at this point",
        amount=money_figure(previous.spend_at_this_point),
        before="Ended at ",
        strong=money_text(previous.spend),
        second="Before credits and tax",
    )


def _upcoming(upcoming: UpcomingInvoice | None, standing: Standing) -> KeyFigure:
    if upcoming is None:
        if standing.state in _WITHOUT_INVOICE:
            return KeyFigure("Upcoming invoice", word="None", before="None is to come")
        return KeyFigure("Upcoming invoice", word="Not yet", before="No preview from Stripe yet")
    due = upcoming.amount_due
    is_settled = due == upcoming.total
    return KeyFigure(
        label="Upcoming invoice",
        amount=money_figure(upcoming.total),
        before="Issued ",
        strong=day_text(upcoming.issues_at),
        second="After credits and tax" if is_settled else f"{money_text(due)} due after balance",
    )


def _footnote(currency: str) -> str:
    return (
        f"Days and times are UTC. Amounts are {currency_text(currency)}, "
        "before credits and tax unless stated."
    )
