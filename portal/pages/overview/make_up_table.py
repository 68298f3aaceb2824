"""The table "What makes up …": a row per meter and per charge; on a phone its rows are cards.

Rows are laid out as grids, which takes a table's meaning away in some browsers: the roles say it
again.
"""

from typing import Any

import reflex as rx

from portal.components.daily_bars import daily_bars
from portal.components.freshness import freshness
from portal.components.icon import icon
from portal.components.skeleton import skeleton
from portal.components.tier_bar import tier_bar
from portal.pages.overview.meters_view import ChargeRow, MakeUpView, MeterRow


def make_up_table(make_up: MakeUpView) -> rx.Component:
    """Every row of the spend to date, and the total that they add up to."""
    return rx.el.section(
        rx.el.div(rx.el.h2(make_up.title), _legend(make_up), class_name="section-head"),
        rx.el.table(
            _head(make_up.days_heading, make_up.compared_with),
            rx.el.tbody(
                rx.foreach(make_up.meters, _meter_row),
                rx.foreach(make_up.charges, _charge_row),
                _total_row(make_up.total),
                role="rowgroup",
            ),
            class_name="make-up",
            role="table",
            aria_label="Meters and plans",
        ),
    )


def make_up_skeleton() -> rx.Component:
    """The table before the first report."""
    return rx.el.section(
        rx.el.div(rx.el.h2("What makes it up"), class_name="section-head"),
        rx.el.table(
            _head("Daily", "Change"),
            rx.el.tbody(*(_skeleton_row() for _ in range(3)), role="rowgroup"),
            class_name="make-up",
            role="table",
            aria_label="Meters and plans",
        ),
    )


def _legend(make_up: MakeUpView) -> rx.Component:
    return rx.el.p(
        rx.el.span(rx.el.i(class_name="key-included"), "included"),
        rx.el.span(rx.el.i(class_name="key-billed"), "billed"),
        rx.cond(
            make_up.previous_name,
            rx.el.span(rx.el.i(class_name="key-previous"), make_up.previous_name),
        ),
        class_name="legend only-wide",
    )


def _head(days_heading: str, compared_with: str) -> rx.Component:
    names = ("Meter", "Used", "Price tiers", days_heading, compared_with, "So far")
    return rx.el.thead(
        rx.el.tr(
            *(rx.el.th(name, scope="col", role="columnheader") for name in names),
            class_name="row is-head",
            role="row",
        ),
        role="rowgroup",
    )


def _meter_row(meter: MeterRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.span(meter.name, class_name="name"),
            freshness(meter.read_at, brief=True),
            scope="row",
            class_name="at-name",
            role="rowheader",
        ),
        _cell(
            "at-used",
            rx.el.span(meter.used, class_name="used num"),
            rx.el.span(meter.included, class_name="caption"),
        ),
        _cell("at-tiers", tier_bar(meter.bar)),
        _cell("at-days", daily_bars(meter.days)),
        _cell("at-change", _change(meter), rx.el.span(meter.before, class_name="caption")),
        _cell("at-amount", meter.amount),
        class_name="row is-meter",
        role="row",
    )


def _change(meter: MeterRow) -> rx.Component:
    sign: Any = rx.match(
        meter.direction,
        ("up", icon("arrow-up-right", size=13)),
        ("down", icon("arrow-down-right", size=13)),
        ("same", icon("minus", size=13)),
        rx.fragment(),
    )
    return rx.el.span(sign, meter.change, class_name="change num")


def _charge_row(charge: ChargeRow) -> rx.Component:
    return _plain_row(charge.name, charge.caption, charge.amount, kind="is-charge")


def _total_row(total: str) -> rx.Component:
    return _plain_row("Spend to date", "Before credits and tax", total, kind="is-total")


def _plain_row(name: str, caption: str, amount: str, *, kind: str) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.span(name, class_name="name"),
            scope="row",
            class_name="at-name",
            role="rowheader",
        ),
        rx.el.td(
            caption,
            class_name="at-caption",
            col_span=4,
            role="cell",
            aria_colspan="4",
        ),
        _cell("at-amount", amount),
        class_name=f"row {kind}",
        role="row",
    )


def _cell(place: str, *content: Any) -> rx.Component:
    return rx.el.td(*content, class_name=place, role="cell")


def _skeleton_row() -> rx.Component:
    return rx.el.tr(
        _cell("at-name", skeleton("104px", 14), skeleton("88px", 10)),
        _cell("at-used", skeleton("72px", 16), skeleton("96px", 10)),
        _cell("at-tiers", skeleton("100%", 8)),
        _cell("at-days", skeleton("116px", 24)),
        _cell("at-change", skeleton("52px", 12), skeleton("72px", 10)),
        _cell("at-amount", skeleton("64px", 14)),
        class_name="row is-meter",
        role="row",
    )
