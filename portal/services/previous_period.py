"""The billing period before this one, for comparison, as far as it was billed at the same prices.

Where a price has changed since, rating the old usage at the new price would be untrue; then there
is no comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from portal.clock import Period
from portal.database import Session
from portal.mirror import queries
from portal.money import Money
from portal.services.metered_items import MeteredItem, hours_of
from portal.services.reports import PreviousPeriod
from portal.services.spend_curve import spend_curve
from portal.stripe_ids import CustomerId


@dataclass(frozen=True, slots=True)
class Before:
    """The same metered items in the period before, in the same order, and what is told of it."""

    items: tuple[MeteredItem, ...]
    same_point: datetime
    told: PreviousPeriod

    def quantities_at_same_point(self) -> list[Decimal]:
        """What each item had counted after as much time as has passed in this period."""
        return [one.hours.until(self.same_point) for one in self.items]

    def daily_means(self) -> list[Decimal]:
        """Each item's usage a day; for a meter of levels, the mean of what the days ended with."""
        period = self.told.period
        return [_mean(one.hours.daily(period, period.end)) for one in self.items]


async def find_before(
    session: Session, customer: CustomerId, metered: Sequence[MeteredItem], now: datetime
) -> Before | None:
    """The period before that of the metered items; None when it cannot be compared."""
    period = await _find_period(session, customer, metered)
    if period is None:
        return None
    lines = await queries.list_invoice_lines_serving(session, customer, period)
    metered_prices = {one.price.id for one in metered}
    if not metered_prices <= {line.price_id for line in lines}:
        return None
    fees = sum(line.amount for line in lines if line.price_id not in metered_prices)
    items = [await _in_period(session, customer, one, period) for one in metered]
    same_point = min(period.start + (now - metered[0].period.start), period.end)
    curve = spend_curve(items, fees, period, period.end)
    until_then = spend_curve(items, fees, period, same_point)
    currency = metered[0].price.currency
    told = PreviousPeriod(
        period=period,
        spend_at_this_point=Money(until_then[-1].amount, currency),
        spend=Money(sum(line.amount for line in lines), currency),
        curve=curve,
    )
    return Before(tuple(items), same_point, told)


async def _find_period(
    session: Session, customer: CustomerId, metered: Sequence[MeteredItem]
) -> Period | None:
    """The one period that ended when the items' current one began, if it was counted."""
    starts = {one.period.start for one in metered}
    for total in await queries.list_usage_totals(session, customer):
        if starts == {total.period_end}:
            return Period(total.period_start, total.period_end)
    return None


async def _in_period(
    session: Session, customer: CustomerId, item: MeteredItem, period: Period
) -> MeteredItem:
    hours = await hours_of(session, customer, item.meter, period)
    return replace(item, period=period, hours=hours, quantity=hours.until(period.end))


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / max(len(values), 1)
