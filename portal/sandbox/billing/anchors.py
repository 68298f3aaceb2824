"""The moments that a billing cycle is anchored to when they are given by day and time.

https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.clock import from_epoch, to_epoch

StripeObject = dict[str, Any]
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class AnchorConfig:
    """A day of the month, of one month only if that is named, and the time of day in UTC.

    What is left out of the time is as it is at the moment from which one looks for the next.
    """

    day_of_month: int
    month: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None


def next_occurrence(config: AnchorConfig, after: int) -> int:
    """The first such moment that is later; a day that a month does not have is its last one."""
    since = from_epoch(after)
    first = since.year * _MONTHS + since.month - 1
    for number in range(first, first + 2 * _MONTHS + 1):
        year, month = divmod(number, _MONTHS)
        moment = _in_month(config, since, year, month + 1)
        if config.month in (None, month + 1) and moment > since:
            return to_epoch(moment)
    raise AssertionError("every month comes back within two years")


def anchor_of(subscription: StripeObject) -> int:
    """From which moment the subscription's periods are counted.

    That is its anchor, but for one that was asked for on a day which its month does not have: the
    day comes back in longer months, so it is counted from the last of those before.
    """
    anchor = int(subscription["billing_cycle_anchor"])
    config = subscription.get("billing_cycle_anchor_config") or {}
    day = config.get("day_of_month", 0)
    moment = from_epoch(anchor)
    is_last = moment.day == monthrange(moment.year, moment.month)[1]
    if day <= moment.day or not is_last or anchor != subscription.get("_configured_anchor"):
        return anchor
    number = moment.year * _MONTHS + moment.month - 1
    # In a leap year at most eight years earlier; a month before in every other case.
    step = _MONTHS if config.get("month") else 1
    while monthrange(number // _MONTHS, number % _MONTHS + 1)[1] < day:
        number -= step
    return to_epoch(moment.replace(year=number // _MONTHS, month=number % _MONTHS + 1, day=day))


def _in_month(config: AnchorConfig, since: datetime, year: int, month: int) -> datetime:
    return datetime(
        year,
        month,
        min(config.day_of_month, monthrange(year, month)[1]),
        since.hour if config.hour is None else config.hour,
        since.minute if config.minute is None else config.minute,
        since.second if config.second is None else config.second,
        tzinfo=UTC,
    )
