"""The card with the cumulative spend chart, or what stands there before any usage."""

import reflex as rx

from portal.components.spend_chart import spend_chart
from portal.pages.overview.view import OverviewView


def chart_card(view: OverviewView) -> rx.Component:
    """The chart; on a first day without usage, what will happen when some arrives."""
    return rx.el.section(
        rx.cond(view.has_usage, _chart(view), _no_usage_yet()),
        aria_label="Cumulative spend",
        class_name="card chart-card",
    )


def chart_card_skeleton() -> rx.Component:
    """The card before the first report: its title and an empty plot."""
    return rx.el.section(
        _title(),
        rx.el.div(
            *(rx.el.div(class_name="amount-line", style={"top": top}) for top in _LINES),
            class_name="plot is-empty",
            aria_hidden="true",
        ),
        class_name="card chart-card",
    )


_LINES = ("10%", "40%", "70%", "100%")


def _title() -> rx.Component:
    return rx.el.div(rx.el.h2("Cumulative spend"), class_name="card-head")


def _chart(view: OverviewView) -> rx.Component:
    return rx.fragment(_title(), spend_chart(view.plot))


def _no_usage_yet() -> rx.Component:
    return rx.el.div(
        rx.el.h2("No usage recorded yet"),
        rx.el.p(
            "The first usage shows up here by itself, seconds after it is recorded. Until then "
            "the next invoice is the plan and nothing else."
        ),
        rx.el.p(
            rx.el.span(
                rx.el.i(class_name="fresh-mark", aria_hidden="true"),
                "Listening for the first event",
                class_name="fresh",
            ),
            class_name="listening",
        ),
        class_name="first-steps",
    )
