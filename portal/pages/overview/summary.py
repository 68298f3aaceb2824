"""The row of key figures at the top of the overview."""

import reflex as rx

from portal.components.key_figure import key_figure, key_figure_skeleton
from portal.pages.overview.view import EMPTY_OVERVIEW, OverviewView


def summary(view: OverviewView) -> rx.Component:
    """Spend to date as the hero, last period and the upcoming invoice beside it."""
    return _row(
        key_figure(view.spend, hero=True), key_figure(view.previous), key_figure(view.upcoming)
    )


def summary_skeleton() -> rx.Component:
    """The same row before the first report."""
    return _row(
        key_figure_skeleton(EMPTY_OVERVIEW.spend.label, hero=True),
        key_figure_skeleton(EMPTY_OVERVIEW.previous.label),
        key_figure_skeleton(EMPTY_OVERVIEW.upcoming.label),
    )


def _row(*figures: rx.Component) -> rx.Component:
    return rx.el.section(rx.el.dl(*figures, class_name="key-figures"), aria_label="Summary")
