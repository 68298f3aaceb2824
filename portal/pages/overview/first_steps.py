"""What stands in place of the chart while there is no spend to draw. Pure."""

from dataclasses import dataclass

from portal.services.reports import UsageReport


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """A title, what will happen, and what is waited for; empty when there is a chart."""

    title: str = ""
    text: str = ""
    listening: str = ""


def first_steps(report: UsageReport) -> FirstSteps:
    """The words for a trial, and for a first period without usage."""
    if has_usage(report):
        return _TRIAL if is_on_trial(report) else FirstSteps()
    return _NOTHING_YET


def has_usage(report: UsageReport) -> bool:
    """Whether there is any usage now, or a last period to compare with."""
    return report.previous is not None or any(
        meter.quantity or any(meter.daily) for meter in report.meters
    )


def is_on_trial(report: UsageReport) -> bool:
    """Whether nothing costs anything yet."""
    return any(meter.on_trial for meter in report.meters) or any(
        charge.on_trial for charge in report.licensed
    )


_TRIAL = FirstSteps(
    "Nothing to pay in the trial",
    "Usage is counted below and costs nothing. The chart of what is spent begins with the first "
    "paid period.",
    "Counting usage",
)
_NOTHING_YET = FirstSteps(
    "No usage recorded yet",
    "The first usage shows up here by itself, seconds after it is recorded. Until then the next "
    "invoice is the plan and nothing else.",
    "Listening for the first event",
)
