"""The cumulative spend of this and the last period as the geometry of a chart.

Pure. Amounts are points on a scale in minor units, texts are already written; minutes count from
each period's own start, so that both curves compare equal elapsed time.
"""

from dataclasses import dataclass

from portal.components.chart_scale import (
    AxisTick,
    amount_label,
    amount_ticks,
    percent,
    time_ticks,
    top_amount,
)
from portal.components.formats import (
    day_text,
    period_name,
    period_text,
    short_period_name,
    time_text,
)
from portal.components.spend_points import MINUTE, PlotPoint, now_minute, plot_points
from portal.money import Money, money_text
from portal.services.reports import LicensedCharge, UsageReport

_LABEL_APART = 4.8
_LETTER_PIXELS = 7
_LONGEST_NAME = 24
_LONGEST_AMOUNT = 11


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
    now_share = min(now_minute(report) / minutes, 1)
    amounts = amount_ticks(highest, report.currency)
    return SpendPlot(
        points=plot_points(report, base),
        minutes=minutes,
        highest=highest,
        now_minute=now_minute(report),
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


def _base_charges(report: UsageReport) -> list[LicensedCharge]:
    """What runs from the first minute on; add-ons that began later lie above it."""
    start = report.period.start
    return [charge for charge in report.licensed if charge.period.start <= start]


def _base_amount(report: UsageReport) -> int:
    return max(sum(charge.cost.amount for charge in _base_charges(report)), 0)


def _base_label(report: UsageReport, base: int) -> str:
    names = [charge.name for charge in _base_charges(report)]
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
    return max(max(lengths) // MINUTE, 1)


def _end_labels(report: UsageReport, highest: int) -> tuple[EndLabel, ...]:
    """The curves' last values, at least a line of text apart, the larger one above."""
    ends = [(report.spend_to_date, "so far", True)]
    if report.previous is not None:
        ends.append((report.previous.spend, short_period_name(report.previous.period), False))
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
