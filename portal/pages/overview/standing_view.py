"""How it is with the subscription, in words: a message above the figures. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.components.formats import day_text
from portal.money import money_text
from portal.services.reports import Standing


@dataclass(frozen=True, slots=True)
class StandingView:
    """A message: its strong first sentence, the rest, and whether it is one to care about.

    An ordinary subscription has none. `no_invoice` says why there is no upcoming invoice.
    """

    strong: str = ""
    rest: str = ""
    warns: bool = False
    no_invoice: str = "No preview yet"
    no_invoice_reason: str = (
        "Stripe has not sent a preview of the next invoice. It appears here by itself."
    )


def standing_view(standing: Standing, *, now: datetime | None = None) -> StandingView:
    """What is said of a standing; nothing of an active subscription."""
    say = _SAID.get(standing.state)
    return say(standing, now) if say else StandingView()


def _trialing(standing: Standing, now: datetime | None) -> StandingView:
    until = day_text(standing.at) if standing.at else "its end"
    if standing.ends_with_trial:
        return StandingView(
            f"Trial until {until}.",
            "The subscription ends with it, and nothing is billed.",
            no_invoice="No invoice to come",
            no_invoice_reason=f"The subscription ends with its trial on {until}.",
        )
    left = f", {_days_left(standing.at, now)}" if standing.at and now else ""
    return StandingView(
        f"Trial until {until}{left}.",
        "Usage until then is free. The upcoming invoice is the first for the plan.",
    )


def _past_due(standing: Standing, _now: datetime | None) -> StandingView:
    owed = f"{money_text(standing.owed)} is open. " if standing.owed else ""
    following = (
        f"Stripe charges the payment method again on {day_text(standing.next_attempt)}."
        if standing.next_attempt
        else "No further attempt is planned."
    )
    return StandingView("The last payment failed.", f"{owed}{following}", warns=True)


def _unpaid(standing: Standing, _now: datetime | None) -> StandingView:
    owed = f"{money_text(standing.owed)} is open" if standing.owed else "An invoice is open"
    return StandingView(
        "Payment is overdue.", f"{owed}. New invoices wait as drafts until it is paid.", warns=True
    )


def _paused(_standing: Standing, _now: datetime | None) -> StandingView:
    return StandingView(
        "The subscription is paused.",
        "Nothing is billed until it resumes.",
        no_invoice="No invoice while paused",
        no_invoice_reason="The next one follows when the subscription resumes.",
    )


def _not_collecting(standing: Standing, _now: datetime | None) -> StandingView:
    until = f" until {day_text(standing.at)}" if standing.at else ""
    return StandingView(
        f"Payments are paused{until}.", "Invoices are still made, and not charged meanwhile."
    )


def _ending(standing: Standing, _now: datetime | None) -> StandingView:
    on = day_text(standing.at) if standing.at else "its last day"
    return StandingView(
        f"The subscription ends on {on}.",
        "The upcoming invoice is the last and carries the usage until then.",
        no_invoice="No invoice to come",
        no_invoice_reason=f"The subscription ends on {on}, and nothing is left to bill.",
    )


def _over(standing: Standing, _now: datetime | None) -> StandingView:
    on = f" on {day_text(standing.at)} {standing.at.year}" if standing.at else ""
    return StandingView(
        f"The subscription ended{on}",
        "Nothing is measured or billed now. The overview fills by itself when a new one starts.",
    )


def _incomplete(_standing: Standing, _now: datetime | None) -> StandingView:
    return StandingView(
        "The first payment is not complete",
        "The subscription starts when it is. The overview then fills by itself.",
    )


def _none(_standing: Standing, _now: datetime | None) -> StandingView:
    return StandingView(
        "No active subscription",
        "There is no plan to measure usage against. The overview fills by itself when one starts.",
    )


def _days_left(until: datetime, now: datetime) -> str:
    days = max((until - now).days, 0)
    return "today" if not days else f"{days} {'day' if days == 1 else 'days'} left"


_SAID: dict[str, Callable[[Standing, datetime | None], StandingView]] = {
    "trialing": _trialing,
    "past_due": _past_due,
    "unpaid": _unpaid,
    "paused": _paused,
    "not collecting": _not_collecting,
    "ending": _ending,
    "canceled": _over,
    "incomplete_expired": _over,
    "incomplete": _incomplete,
    "none": _none,
}
