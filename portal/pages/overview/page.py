"""The overview: what has been spent, on what, and what the next invoice comes to."""

import reflex as rx

from portal.components.empty import empty
from portal.components.freshness import freshness, freshness_loading
from portal.components.icon import icon
from portal.components.notice import message, warning
from portal.components.shell import page_head, shell
from portal.pages.overview.chart_card import chart_card, chart_card_skeleton
from portal.pages.overview.invoice_card import invoice_card, invoice_card_skeleton
from portal.pages.overview.make_up_table import make_up_skeleton, make_up_table
from portal.pages.overview.state import OverviewState
from portal.pages.overview.summary import summary, summary_skeleton
from portal.pages.overview.view import OverviewView
from portal.pages.session_state import SessionState


def overview_page() -> rx.Component:
    """The page; before the first report it shows its headings and empty boxes."""
    view = OverviewState.view
    return shell(
        page_head(
            "Overview",
            rx.el.span(_freshness(view, announce=True), class_name="only-wide"),
            rx.cond(view.period, rx.el.p(icon("calendar"), view.period, class_name="period")),
        ),
        rx.cond(view.loaded, _loaded(view), _loading()),
        session=SessionState,
        current="Overview",
        freshness=_freshness(view, announce=False),
    )


def _freshness(view: OverviewView, *, announce: bool) -> rx.Component:
    shown: rx.Component = rx.cond(
        view.loaded,
        rx.cond(view.subscribed, freshness(view.read_at, announce=announce)),
        freshness_loading(),
    )
    return shown


def _loaded(view: OverviewView) -> rx.Component:
    return rx.fragment(rx.cond(view.subscribed, _report(view), _no_subscription(view)))


def _report(view: OverviewView) -> rx.Component:
    return rx.fragment(
        rx.cond(
            view.silent_since,
            warning(
                "Stripe is not answering; showing data from " + view.silent_since + ".",
                "Usage is still being recorded and nothing is lost. The page catches up by itself.",
            ),
        ),
        rx.cond(
            view.standing.strong,
            message(view.standing.strong, view.standing.rest, warns=view.standing.warns),
        ),
        summary(view),
        rx.el.div(
            chart_card(view), invoice_card(view.invoice, view.standing), class_name="main-grid"
        ),
        make_up_table(view.make_up),
        rx.el.footer(view.footnote, class_name="footnote"),
    )


def _no_subscription(view: OverviewView) -> rx.Component:
    return rx.el.section(
        empty("receipt", view.standing.strong, view.standing.rest), class_name="card"
    )


def _loading() -> rx.Component:
    return rx.fragment(
        rx.el.p("Loading the overview", role="status", class_name="visually-hidden"),
        summary_skeleton(),
        rx.el.div(chart_card_skeleton(), invoice_card_skeleton(), class_name="main-grid"),
        make_up_skeleton(),
    )
