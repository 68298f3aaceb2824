"""The card of the upcoming invoice: Stripe's preview line by line."""

import reflex as rx

from portal.components.empty import empty
from portal.components.icon import icon
from portal.components.skeleton import skeleton
from portal.pages.overview.invoice_view import InvoiceRow, InvoiceView
from portal.pages.overview.standing_view import StandingView


def invoice_card(invoice: InvoiceView, standing: StandingView) -> rx.Component:
    """The preview, or what to expect while there is none."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Upcoming invoice"),
            rx.el.span(invoice.issued, class_name="caption"),
            class_name="card-head",
        ),
        rx.cond(invoice.available, _preview(invoice), _no_preview(standing)),
        aria_label="Upcoming invoice",
        class_name="card",
    )


def invoice_card_skeleton() -> rx.Component:
    """The card before the first report."""
    lines = [_skeleton_line(width) for width in ("96px", "112px", "88px", "104px", "60px")]
    return rx.el.section(
        rx.el.div(rx.el.h2("Upcoming invoice"), skeleton("72px", 12), class_name="card-head"),
        rx.el.div(*lines, *lines[:3], class_name="invoice-lines"),
        aria_label="Upcoming invoice",
        class_name="card",
    )


def _preview(invoice: InvoiceView) -> rx.Component:
    return rx.fragment(
        rx.el.dl(
            rx.foreach(invoice.lines, _row),
            _amount("Subtotal", invoice.subtotal, class_name="line is-sum"),
            rx.cond(invoice.difference.name, _remark(invoice.difference)),
            rx.foreach(invoice.deductions, _row),
            _amount("Total", invoice.total, class_name="line is-total"),
            rx.foreach(invoice.included, _remark),
            rx.foreach(invoice.settlement, _row),
            rx.cond(
                invoice.amount_due,
                _amount("Amount due", invoice.amount_due, class_name="line is-sum is-due"),
            ),
            class_name="invoice-lines",
        ),
        rx.el.p(icon("credit-card", size=14), invoice.payment_method, class_name="card-foot"),
    )


def _no_preview(standing: StandingView) -> rx.Component:
    return empty("receipt", standing.no_invoice, standing.no_invoice_reason, heading=3)


def _row(row: InvoiceRow) -> rx.Component:
    return rx.el.div(
        rx.el.dt(row.name, rx.cond(row.caption, rx.el.span(row.caption, class_name="caption"))),
        rx.el.dd(row.amount),
        class_name="line",
    )


def _remark(row: InvoiceRow) -> rx.Component:
    return rx.el.div(
        rx.el.dt(row.name, rx.cond(row.caption, rx.el.span(row.caption, class_name="caption"))),
        rx.el.dd(row.amount),
        class_name="line is-remark",
    )


def _amount(name: str, amount: str, *, class_name: str) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(amount), class_name=class_name)


def _skeleton_line(width: str) -> rx.Component:
    return rx.el.div(skeleton(width, 12), skeleton("64px", 12), class_name="line")
