"""How a period's quantities and spend grew over time: pure sums over hourly windows."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Protocol

from portal.clock import Period
from portal.rating.price import Price
from portal.rating.sweep import PriceSweep
from portal.services.reports import SpendPoint

STEP = timedelta(hours=6)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HourlyUsage:
    """A meter's hours in order, and how they combine: `last`, or else they add up."""

    hours: Sequence[tuple[datetime, Decimal]]
    formula: str

    def until(self, moment: datetime) -> Decimal:
        """The quantity of all hours that began before the moment."""
        return self._running()[self._count_before(moment)]

    def running(self, moments: Sequence[datetime]) -> list[Decimal]:
        """The quantity until each of the moments, in one pass."""
        totals = self._running()
        return [totals[self._count_before(moment)] for moment in moments]

    def daily(self, period: Period, now: datetime) -> tuple[Decimal, ...]:
        """One value for each begun day of the period: its sum, or the value it ended with."""
        edges = [*_steps(period.start, min(now, period.end), DAY)]
        reached = self.running(edges)
        if self.formula == "last":
            return tuple(reached[1:])
        return tuple(after - before for before, after in pairwise(reached))

    def _running(self) -> list[Decimal]:
        values = [value for _, value in self.hours]
        if self.formula == "last":
            return [Decimal(0), *values]
        return [Decimal(0), *accumulate(values)]

    def _count_before(self, moment: datetime) -> int:
        return bisect_left(self.hours, moment, key=lambda hour: hour[0])


class Metered(Protocol):
    """A price and the hours that are rated with it."""

    @property
    def price(self) -> Price:
        """What the hours cost."""

    @property
    def hours(self) -> HourlyUsage:
        """The hours of the period."""


def spend_curve(
    metered: Sequence[Metered], fees: int, period: Period, until: datetime
) -> tuple[SpendPoint, ...]:
    """Spend since the period's start in steps of six hours, ending at `until`.

    Tiers are walked anew at each step, so the curve may fall where a volume price does.
    """
    moments = _steps(period.start, min(until, period.end), STEP)
    amounts = [fees] * len(moments)
    for each in metered:
        spent = PriceSweep(each.price).amounts(each.hours.running(moments))
        amounts = [before + more for before, more in zip(amounts, spent, strict=True)]
    return tuple(SpendPoint(at, amount) for at, amount in zip(moments, amounts, strict=True))


def _steps(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    moments = [start]
    while moments[-1] + step < end:
        moments.append(moments[-1] + step)
    return [*moments, end] if end > start else moments
