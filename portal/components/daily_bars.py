"""A period's days as small bars, drawn as one SVG path each for the past, today and what is left.

Only a picture: it is hidden from screen readers, the row beside it holds the numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import reflex as rx

_WIDTH, _HEIGHT = 120, 30
_MOST_SLOTS = 62
_WIDEST_SLOT = 12
_WEEK = 7


@dataclass(frozen=True, slots=True)
class DailyBars:
    """The paths of the bars and the height of last period's mean; no mean, no line."""

    done: str
    today: str
    left: str
    mean_y: str


def days_per_bar(days: int) -> int:
    """How many days one bar stands for: a long period is drawn in weeks."""
    return 1 if days <= _MOST_SLOTS else _WEEK


def daily_bars_of(
    daily: Sequence[Decimal],
    *,
    days: int,
    takes_last: bool,
    previous_mean: Decimal | None,
) -> DailyBars:
    """Bars for the begun days out of all `days` of the period.

    A meter that keeps its last value shows the last value of each bar's days instead of their sum.
    """
    per_bar = days_per_bar(days)
    values = [_value(daily[at : at + per_bar], takes_last) for at in range(0, len(daily), per_bar)]
    slots = max(-(-days // per_bar), len(values), 1)
    mean = (previous_mean or Decimal(0)) * (1 if takes_last else per_bar)
    highest = max([*values, mean]) * Decimal("1.05") or Decimal(1)
    heights = [max(round((_HEIGHT - 2) * max(value, Decimal(0)) / highest), 1) for value in values]
    is_today_running = not takes_last and len(values) > 0
    done = heights[:-1] if is_today_running else heights
    return DailyBars(
        done=_path(enumerate(done), slots),
        today=_path([(len(values) - 1, heights[-1])], slots) if is_today_running else "",
        left=_path(((slot, 1) for slot in range(len(values), slots)), slots),
        mean_y=f"{_HEIGHT - float((_HEIGHT - 2) * mean / highest):.1f}" if mean else "",
    )


def _value(days: Sequence[Decimal], takes_last: bool) -> Decimal:
    return days[-1] if takes_last else sum(days, Decimal(0))


def _path(bars: Iterable[tuple[int, int]], slots: int) -> str:
    slot_width = min(_WIDTH / slots, _WIDEST_SLOT)
    bar_width = f"{slot_width * 0.75:.2f}"
    return "".join(
        f"M{slot * slot_width:.2f} {_HEIGHT}v-{height}h{bar_width}v{height}z"
        for slot, height in bars
    )


def daily_bars(bars: DailyBars) -> rx.Component:
    """Draw the bars; the one of the running day is lighter."""
    return rx.el.svg(
        rx.el.svg.path(d=bars.left, class_name="bar-left"),
        rx.el.svg.path(d=bars.done, class_name="bar-done"),
        rx.el.svg.path(d=bars.today, class_name="bar-today"),
        rx.cond(
            bars.mean_y,
            rx.el.svg.line(
                x1="0", x2=str(_WIDTH), y1=bars.mean_y, y2=bars.mean_y, class_name="bar-mean"
            ),
        ),
        view_box=f"0 0 {_WIDTH} {_HEIGHT}",
        width=str(_WIDTH),
        height=str(_HEIGHT),
        class_name="daily-bars",
        aria_hidden="true",
    )
