"""The cumulative spend chart: marks by Recharts, axes and labels as HTML around them.

HTML labels keep their size at every width, take the page's ink and never collide; the chart is
placed by percent inside the same box, from the same fixed scale.
"""

from typing import Any

import reflex as rx

from portal.components.chart_scale import AxisTick
from portal.components.spend_plot import EndLabel, SpendPlot

# The texts come from the server with the points; an empty output is there from the start, so that
# screen readers tell what arrives in it.
_READOUT = """({active, payload}) =>
    jsx("output", {}, active && payload?.length ? payload[0].payload.readout : "")"""


def spend_chart(plot: SpendPlot) -> rx.Component:
    """Plan as a grey base, usage above it, last period as a thin line; a readout above the plot."""
    return rx.el.figure(
        rx.el.div(
            rx.foreach(plot.amounts, _amount_line),
            _marks(plot),
            _inner_labels(plot),
            rx.foreach(plot.times, _time_label),
            rx.foreach(plot.ends, _end_label),
            class_name="plot",
            style={"margin_left": plot.gutter},
        ),
        rx.el.figcaption(rx.foreach(plot.ends, _legend_entry), class_name="legend only-phone"),
        class_name="spend-chart",
    )


def _marks(plot: SpendPlot) -> rx.Component:
    points = rx.Var.create(plot.points).to(list[dict[str, Any]])
    return rx.el.div(
        rx.recharts.composed_chart(
            rx.recharts.area(data_key="plan", fill="var(--c-plan)", **_area()),
            rx.recharts.area(data_key="usage", fill="var(--c-area)", **_area()),
            rx.recharts.reference_line(x=plot.now_minute, stroke="var(--c-axis)"),
            rx.recharts.line(
                data_key="previous", stroke="var(--c-prev)", stroke_width=1.25, **_line()
            ),
            rx.recharts.line(
                data_key="spent", stroke="var(--c-actual)", stroke_width=2.25, **_line()
            ),
            rx.recharts.reference_dot(
                x=plot.now_minute,
                y=plot.now_amount,
                r=4,
                fill="var(--c-actual)",
                stroke="var(--panel)",
                custom_attrs={"strokeWidth": 2},
            ),
            rx.recharts.x_axis(
                data_key="minute", type_="number", domain=[0, plot.minutes], hide=True
            ),
            rx.recharts.y_axis(type_="number", domain=[0, plot.highest], hide=True, width=0),
            rx.recharts.graphing_tooltip(
                is_animation_active=False,
                cursor={"stroke": "var(--c-axis)"},
                custom_attrs={"content": rx.Var(_READOUT)},
            ),
            data=points,
            custom_attrs={"aria-label": plot.summary, "aria-roledescription": "chart"},
            margin={"top": 0, "right": 0, "bottom": 0, "left": 0},
            width="100%",
            height="100%",
        ),
        class_name="marks",
    )


def _area() -> dict[str, Any]:
    return {"stroke": "none", "fill_opacity": 1, **_line()}


def _line() -> dict[str, Any]:
    return {
        "type_": "linear",
        "dot": False,
        "active_dot": False,
        "connect_nulls": True,
        "is_animation_active": False,
    }


def _inner_labels(plot: SpendPlot) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            plot.now_label,
            class_name="now-label",
            style={"left": plot.now_left},
            data_side=plot.now_side,
        ),
        rx.el.span(plot.plan_label, class_name="plan-label", style={"top": plot.plan_top}),
        rx.el.span(
            plot.usage_label,
            class_name="usage-label only-wide",
            style={"top": plot.plan_top, "right": "calc(100% - " + plot.now_left + ")"},
        ),
        class_name="inner-labels",
        aria_hidden="true",
    )


def _amount_line(tick: AxisTick) -> rx.Component:
    return rx.el.div(rx.el.span(tick.label), class_name="amount-line", style={"top": tick.at})


def _time_label(tick: AxisTick) -> rx.Component:
    return rx.el.span(
        tick.label,
        class_name=rx.cond(
            tick.first,
            "time-label is-first",
            rx.cond(tick.minor, "time-label only-wide", "time-label"),
        ),
        style={"left": tick.at},
    )


def _end_label(end: EndLabel) -> rx.Component:
    return rx.el.span(
        rx.el.b(end.amount),
        end.name,
        class_name=rx.cond(end.current, "end-label is-current", "end-label"),
        style={"top": end.top},
    )


def _legend_entry(end: EndLabel) -> rx.Component:
    return rx.el.span(
        rx.el.i(class_name=rx.cond(end.current, "key-spent", "key-previous")),
        end.amount + " " + end.name,
    )
