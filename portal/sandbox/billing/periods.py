"""Billing periods: boundaries counted from an anchor, so that the 31st comes back after February.

https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

from calendar import monthrange
from datetime import UTC, datetime
from typing import Any

from portal.clock import from_epoch, to_epoch

StripeObject = dict[str, Any]
_DAY = 24 * 3600
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def next_boundary(anchor: int, recurring: StripeObject, after: int) -> int:
    """The first period boundary later than `after`, in epoch seconds.

    Boundaries lie whole intervals away from the anchor, before it and behind it; a day that a
    month does not have becomes its last one.
    """
    return period_holding(anchor, recurring, after)[1]


def period_holding(anchor: int, recurring: StripeObject, moment: int) -> tuple[int, int]:
    """The whole period, from boundary to boundary, in which a moment lies; its start is inside."""
    interval, count = recurring["interval"], recurring["interval_count"]
    if interval in _DAYS:
        length: int = _DAYS[interval] * count * _DAY
        start = anchor + (moment - anchor) // length * length
        return start, start + length
    return _months_holding(from_epoch(anchor), _MONTHS[interval] * count, from_epoch(moment))


def _months_holding(anchor: datetime, months: int, moment: datetime) -> tuple[int, int]:
    # The boundary in the month of `moment` or just before it; at most two steps short.
    steps = (_month_number(moment) - _month_number(anchor)) // months
    boundary = _months_later(anchor, steps * months)
    while boundary <= moment:
        steps += 1
        boundary = _months_later(anchor, steps * months)
    return to_epoch(_months_later(anchor, (steps - 1) * months)), to_epoch(boundary)


def _month_number(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _months_later(anchor: datetime, months: int) -> datetime:
    year, month = divmod(_month_number(anchor) + months, 12)
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day, tzinfo=UTC)
