"""The card with the cumulative spend chart, or what stands there before any usage."""

import reflex as rx

from portal.components.spend_chart import spend_chart
from portal.pages.overview.first_steps import FirstSteps
from portal.pages.overview.view import OverviewView


def chart_card(view: OverviewView) -> rx.Component:
    """The chart; before there is anything to draw, what will happen instead."""
    return rx.el.section(
        rx.cond(view.first_steps.title, _first_steps(view.first_steps), _chart(view)),
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


def _first_steps(steps: FirstSteps) -> rx.Component:
    return rx.el.div(
        rx.el.h2(steps.title),
        rx.el.p(steps.text),
        rx.el.p(
            rx.el.span(
                rx.el.i(class_name="fresh-mark", aria_hidden="true"),
                steps.listening,
                class_name="fresh",
            ),
            class_name="listening",
        ),
        class_name="first-steps",
    )
