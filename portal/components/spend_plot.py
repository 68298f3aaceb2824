"""The cumulative spend of this and the last period as the geometry of a chart.

Pure. Amounts are points on a scale in minor units, texts are already written; minutes count from
each period's own start, so that both curves compare equal elapsed time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.clock import Period
from portal.components.chart_scale import (
    AxisTick,
    amount_label,
    amount_ticks,
    percent,
    time_ticks,
    top_amount,
)
from portal.components.formats import day_text, period_name, period_text, time_text
from portal.money import Money, money_text
from portal.services.reports import SpendPoint, UsageReport

_MOST_POINTS = 124
_LABEL_APART = 4.8
_MINUTE = timedelta(minutes=1)
_LETTER_PIXELS = 7
_LONGEST_NAME = 24
_LONGEST_AMOUNT = 11


@dataclass(frozen=True, slots=True)
class PlotPoint:
    """Both curves at one moment; `usage` is the band from the plan's base up to what was spent."""

    minute: int
    plan: int | None
    usage: tuple[int, int] | None
    spent: int | None
    previous: int | None
    readout: str


@dataclass(frozen=True, slots=True)
class EndLabel:
    """The last value of a curve, written in the gutter at its height (percent from the top)."""

    amount: str
    name: str
    top: str
    current: bool


@dataclass(frozen=True, slots=True)
class SpendPlot:
    """A chart ready to be drawn; positions are percent of the plot, from the left or the top."""

    points: tuple[PlotPoint, ...] = ()
    minutes: int = 1
    highest: int = 1
    now_minute: int = 0
    now_amount: int = 0
    amounts: tuple[AxisTick, ...] = ()
    times: tuple[AxisTick, ...] = ()
    gutter: str = "44px"
    now_label: str = ""
    now_left: str = "0%"
    now_side: str = "middle"
    plan_label: str = ""
    plan_top: str = "0%"
    usage_label: str = ""
    ends: tuple[EndLabel, ...] = ()
    summary: str = ""


def spend_plot(report: UsageReport) -> SpendPlot:
    """The report's curves, thinned to what can be seen."""
    minutes = _longest_minutes(report)
    base = _base_amount(report)
    highest = top_amount(_largest_amount(report), report.currency)
    now_share = min(_now_minute(report) / minutes, 1)
    amounts = amount_ticks(highest, report.currency)
    return SpendPlot(
        points=_points(report, base),
        minutes=minutes,
        highest=highest,
        now_minute=_now_minute(report),
        now_amount=report.spend_to_date.amount,
        amounts=amounts,
        times=time_ticks(report.period, minutes),
        gutter=f"{max(len(tick.label) for tick in amounts) * _LETTER_PIXELS + 10}px",
        now_label=f"Today, {time_text(report.now)}",
        now_left=percent(now_share),
        now_side="start" if now_share < 0.08 else "end" if now_share > 0.92 else "middle",
        plan_label=_base_label(report, base) if base > 0.08 * highest and now_share > 0.3 else "",
        plan_top=percent(1 - base / highest),
        usage_label=_usage_label(report, base, highest) if now_share > 0.3 else "",
        ends=_end_labels(report, highest),
        summary=_summary(report),
    )


def _base_charges(report: UsageReport) -> list[Money]:
    start = report.period.start
    return [charge.cost for charge in report.licensed if charge.period.start <= start]


def _base_amount(report: UsageReport) -> int:
    """What the plan costs from the first minute on; add-ons that began later lie above it."""
    return max(sum(cost.amount for cost in _base_charges(report)), 0)


def _base_label(report: UsageReport, base: int) -> str:
    start = report.period.start
    names = [charge.name for charge in report.licensed if charge.period.start <= start]
    name = names[0] if len(names) == 1 and len(names[0]) <= _LONGEST_NAME else "Plans"
    return f"{name} {money_text(Money(base, report.currency))}"


def _usage_label(report: UsageReport, base: int, highest: int) -> str:
    has_room = report.spend_to_date.amount - base > 0.09 * highest
    later = len(report.licensed) > len(_base_charges(report))
    return ("usage and add-ons" if later else "usage") if has_room else ""


def _largest_amount(report: UsageReport) -> int:
    previous = report.previous
    curve = [point.amount for point in report.curve]
    before = (
        [previous.spend.amount, *(point.amount for point in previous.curve)] if previous else []
    )
    return max([report.spend_to_date.amount, *curve, *before])


def _longest_minutes(report: UsageReport) -> int:
    lengths = [report.period.length]
    if report.previous is not None:
        lengths.append(report.previous.period.length)
    return max(max(lengths) // _MINUTE, 1)


def _points(report: UsageReport, base: int) -> tuple[PlotPoint, ...]:
    previous = report.previous
    before_curve = previous.curve if previous else ()
    every = max(-(-max(len(report.curve), len(before_curve)) // _MOST_POINTS), 1)
    spent = _by_minute(report.curve, report.period, every)
    spent = {minute: amount for minute, amount in spent.items() if minute <= _now_minute(report)}
    spent[_now_minute(report)] = report.spend_to_date.amount
    spent.setdefault(0, base)
    before = _by_minute(before_curve, previous.period, every) if previous else {}
    if previous is not None:
        before[_minutes(previous.period.start, previous.period.end)] = previous.spend.amount
        before.setdefault(_now_minute(report), previous.spend_at_this_point.amount)
    return tuple(
        _point(report, minute, base, spent.get(minute), before.get(minute))
        for minute in sorted({*spent, *before})
    )


def _point(
    report: UsageReport, minute: int, base: int, spent: int | None, before: int | None
) -> PlotPoint:
    is_past = spent is not None
    return PlotPoint(
        minute=minute,
        plan=base if is_past else None,
        usage=(min(base, spent), spent) if spent is not None else None,
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


def _end_labels(report: UsageReport, highest: int) -> tuple[EndLabel, ...]:
    """The curves' last values, at least a line of text apart, the larger one above."""
    ends = [(report.spend_to_date, "so far", True)]
    if report.previous is not None:
        ends.append((report.previous.spend, period_name(report.previous.period), False))
    ends.sort(key=lambda end: -end[0].amount)
    labels: list[EndLabel] = []
    lowest = 0.0
    for money, name, current in ends:
        top = max(100 * (1 - max(money.amount, 0) / highest), lowest)
        lowest = top + _LABEL_APART
        labels.append(EndLabel(_end_amount(money), name, f"{top:.1f}%", current))
    return tuple(labels)


def _end_amount(money: Money) -> str:
    """The amount as the gutter can hold it: very large ones as on the axis."""
    exact = money_text(money)
    return exact if len(exact) <= _LONGEST_AMOUNT else amount_label(money)


def _summary(report: UsageReport) -> str:
    so_far = f"{money_text(report.spend_to_date)} so far on {day_text(report.now)}"
    previous = report.previous
    ended = (
        f" {period_name(previous.period)} ended at {money_text(previous.spend)}."
        if previous
        else ""
    )
    return f"Cumulative spend, {period_text(report.period, year=True)}: {so_far}.{ended}"


def _by_minute(curve: Sequence[SpendPoint], period: Period, every: int) -> dict[int, int]:
    kept = [point for at, point in enumerate(curve) if at % every == 0]
    return {_minutes(period.start, point.at): point.amount for point in kept}


def _now_minute(report: UsageReport) -> int:
    """Now, or the period's end when the next period has begun but is not known yet."""
    return _minutes(report.period.start, min(report.now, report.period.end))


def _minutes(start: datetime, moment: datetime) -> int:
    return (moment - start) // _MINUTE
