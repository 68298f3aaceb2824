"""Which windows of usage to read, and whether known ones still hold: pure, no I/O.

Stripe sums usage over spans of whole minutes, and groups it by whole UTC hours
(https://docs.stripe.com/api/billing/meter-event-summary/list). Billing periods begin at any
second; so a period is counted from the minute in which it begins to the minute in which it ends,
and the hour in which one period gives way to the next is cut in two.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from portal.clock import Period
from portal.stripe_gateway.facts import SubscriptionFacts, SubscriptionItemFacts
from portal.stripe_gateway.usage.facts import UsageWindow

HOUR = timedelta(hours=1)
# A window this young may still change by itself; older ones change by corrections alone.
RECENT = timedelta(hours=48)
# The shortest time between a period's end and its invoice, in which late usage still counts
# (https://docs.stripe.com/billing/subscriptions/usage-based/configure-grace-period).
GRACE = HOUR
# Usage may be stamped this far ahead
# (https://docs.stripe.com/api/billing/meter-event/create).
_AHEAD = timedelta(minutes=5)


def counted_span(period: Period) -> Period:
    """The whole minutes for which a period's usage is counted; periods in a row leave no gap."""
    return Period(_minute(period.start), _minute(period.end))


def recent_span(span: Period, now: datetime) -> Period:
    """The part of a span whose windows may still change by themselves."""
    start = max(span.start, _hour(min(now, span.end) - RECENT))
    return Period(start, max(start, min(span.end, _hour(now + _AHEAD) + HOUR)))


def pieces(span: Period) -> Iterator[tuple[Period, bool]]:
    """A span as parts that Stripe can answer: its whole hours (True) and what stands out (False).

    At most three, in order, none of them empty.
    """
    first_hour = min(span.end, _hour(span.start + HOUR - timedelta.resolution))
    last_hour = max(first_hour, _hour(span.end))
    parts = ((span.start, first_hour), (first_hour, last_hour), (last_hour, span.end))
    for (start, end), whole_hours in zip(parts, (False, True, False), strict=True):
        if start < end:
            yield Period(start, end), whole_hours


def total_of(formula: str, windows: Sequence[UsageWindow]) -> Decimal:
    """What windows in order come to: their sum, or the last value for a meter of levels."""
    if formula == "last":
        return windows[-1].value if windows else Decimal(0)
    return sum((window.value for window in windows), Decimal(0))


def add_up(
    formula: str, older: Sequence[UsageWindow], young: Sequence[UsageWindow], total: Decimal
) -> bool:
    """Whether known older windows and freshly read young ones come to the total.

    A level's last value says nothing about older windows, so fresh ones suffice there.
    """
    if formula == "last" and young:
        return True
    return total_of(formula, (*older, *young)) == total


def is_settled(period: Period, as_of: datetime) -> bool:
    """Whether a look at that moment saw the last of a period: its invoice takes no more usage."""
    return as_of >= period.end + GRACE


def needs_look(period: Period, as_of: datetime | None, now: datetime) -> bool:
    """Whether a period before the current one must be read (again).

    It is read once, again when the look was before its end, and a last time when it is settled.
    """
    return (
        as_of is None or as_of < period.end or is_settled(period, now) > is_settled(period, as_of)
    )


def previous_period(subscription: SubscriptionFacts, item: SubscriptionItemFacts) -> Period | None:
    """The billing period before the item's current one; None when the current is the first.

    https://docs.stripe.com/billing/subscriptions/billing-cycle
    """
    start = item.current_period_start
    if start <= subscription.start_date:
        return None
    earlier = _step_back(start, subscription.billing_cycle_anchor, item)
    return Period(max(earlier, subscription.start_date), start)


def _step_back(start: datetime, anchor: datetime, item: SubscriptionItemFacts) -> datetime:
    count = item.interval_count
    match item.interval:
        case "day":
            return start - timedelta(days=count)
        case "week":
            return start - timedelta(weeks=count)
        case "year":
            return _months_back(start, 12 * count, anchor.day)
        case _:
            return _months_back(start, count, anchor.day)


def _months_back(start: datetime, months: int, anchor_day: int) -> datetime:
    """The same time of the anchor's day, or of the month's last day when it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 - months, 12)
    day = min(anchor_day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
