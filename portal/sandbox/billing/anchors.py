"""The moments that a billing cycle is anchored to when they are given by day and time.

https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.clock import from_epoch, to_epoch

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
