"""Both curves of the cumulative spend chart as points at equal elapsed time, thinned. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.clock import Period
from portal.components.formats import day_text, period_name, time_text
from portal.money import Money, money_text
from portal.services.reports import SpendPoint, UsageReport

MINUTE = timedelta(minutes=1)
_MOST_POINTS = 124


@dataclass(frozen=True, slots=True)
class PlotPoint:
    """Both curves at one moment; `usage` is the band from the plan's base up to what was spent."""

    minute: int
    plan: int | None
    usage: tuple[int, int] | None
    spent: int | None
    previous: int | None
    readout: str


def plot_points(report: UsageReport, base: int) -> tuple[PlotPoint, ...]:
    """The points in order; the last of this period is the spend to date, now."""
    previous = report.previous
    before_curve = previous.curve if previous else ()
    every = max(-(-max(len(report.curve), len(before_curve)) // _MOST_POINTS), 1)
    spent = _by_minute(report.curve, report.period, every)
    spent = {minute: amount for minute, amount in spent.items() if minute <= now_minute(report)}
    spent[now_minute(report)] = report.spend_to_date.amount
    spent.setdefault(0, base)
    before = _by_minute(before_curve, previous.period, every) if previous else {}
    if previous is not None:
        before[_minutes(previous.period.start, previous.period.end)] = previous.spend.amount
        before.setdefault(now_minute(report), previous.spend_at_this_point.amount)
    return tuple(
        _point(report, minute, base, spent.get(minute), before.get(minute))
        for minute in sorted({*spent, *before})
    )


def _point(
    report: UsageReport, minute: int, base: int, spent: int | None, before: int | None
) -> PlotPoint:
    return PlotPoint(
        minute=minute,
        plan=None if spent is None else base,
        usage=None if spent is None else (min(base, spent), spent),
        spent=spent,
        previous=before,
        readout=_readout(report, minute, spent, before),
    )


def _readout(report: UsageReport, minute: int, spent: int | None, before: int | None) -> str:
    at = report.period.start + timedelta(minutes=minute)
    parts = [f"{at:%a} {day_text(at)} {time_text(at)}"]
    if spent is not None:
        parts.append(money_text(Money(spent, report.currency)))
    if before is not None and report.previous is not None:
        name = period_name(report.previous.period)
        parts.append(f"{name} {money_text(Money(before, report.currency))}")
    return " · ".join(parts)


def now_minute(report: UsageReport) -> int:
    """Now, or the period's end when the next period has begun but is not known yet."""
    return _minutes(report.period.start, min(report.now, report.period.end))


def _by_minute(curve: Sequence[SpendPoint], period: Period, every: int) -> dict[int, int]:
    kept = [point for at, point in enumerate(curve) if at % every == 0]
    return {_minutes(period.start, point.at): point.amount for point in kept}


def _minutes(start: datetime, moment: datetime) -> int:
    return (moment - start) // MINUTE
