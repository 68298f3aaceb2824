"""Axes of the charts: round amounts up the side and days along the bottom. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from portal.clock import Period
from portal.components.formats import day_text, last_moment, quantity_text, time_text
from portal.money import MINUS, Money, exponent, major_units, money_text, symbol

_MOST_LINES = 4
_CLEAN = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_SHORT_FROM = 100_000


@dataclass(frozen=True, slots=True)
class AxisTick:
    """A label on an axis, at a share of its length; `minor` ones are left out on a phone."""

    label: str
    at: str
    minor: bool = False
    first: bool = False


def percent(share: float) -> str:
    """A share of the plot as CSS wants it, never outside of it."""
    return f"{100 * min(max(share, 0), 1):.2f}%"


def top_amount(largest: int, currency: str) -> int:
    """The amount at the top of a chart that starts at 0: some air above the largest value."""
    air = -(-largest * 8 // 100)
    return max(largest + air, int(10 ** exponent(currency)))


def amount_ticks(top: int, currency: str) -> tuple[AxisTick, ...]:
    """Round amounts from 0 up, at most four above it; `at` is measured from the top."""
    step = _clean_step(top)
    return tuple(
        AxisTick(amount_label(Money(amount, currency)), percent(1 - amount / top))
        for amount in range(0, top + 1, step)
    )


def time_ticks(period: Period, minutes: int) -> tuple[AxisTick, ...]:
    """Days (hours, for a period of a day or two) from the first to the last of the period."""
    moments = _moments(period)
    last = len(moments) - 1
    return tuple(
        AxisTick(
            label=_moment_label(moment, period),
            at=percent((moment - period.start) / timedelta(minutes=1) / minutes),
            minor=place not in (0, last // 2, last),
            first=place == 0,
        )
        for place, moment in enumerate(moments)
    )


def _clean_step(top: int) -> int:
    """The smallest round step that needs at most four lines."""
    power = Decimal(1)
    while True:
        for clean in _CLEAN:
            step = clean * power
            if step == step.to_integral_value() and top // int(step) <= _MOST_LINES:
                return int(step)
        power *= 10


def amount_label(money: Money) -> str:
    """An amount for an axis: without decimals when they are zero, large ones short: $1.25 M."""
    whole = major_units(money.amount, money.currency)
    if abs(whole) >= _SHORT_FROM:
        return f"{MINUS if whole < 0 else ''}{symbol(money.currency)}{quantity_text(abs(whole))}"
    exact = money_text(money)
    return exact.partition(".")[0] if whole == int(whole) else exact


def _moments(period: Period) -> list[datetime]:
    if period.length <= timedelta(days=2):
        return [period.start + period.length * quarter / 4 for quarter in range(4)]
    days = (last_moment(period) - period.start).days
    week = 7 if 14 < days <= 31 else max(days // 4, 1)
    offsets = [offset for offset in range(0, days, week) if days - offset >= week * 2 / 3]
    return [period.start + timedelta(days=offset) for offset in [*offsets, days]]


def _moment_label(moment: datetime, period: Period) -> str:
    if period.length > timedelta(days=2):
        return day_text(moment)
    return time_text(moment)
