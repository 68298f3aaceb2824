"""Messages in the page's flow: what happened, what it means, and what to do."""

from typing import Any

import reflex as rx

from portal.components.icon import icon


def flash(text: str) -> rx.Component:
    """The page's one place for what has just happened; announced to screen readers."""
    return rx.el.div(
        rx.cond(text, rx.el.p(icon("info"), rx.el.span(text), class_name="notice")),
        role="status",
    )


def message(strong: Any, rest: Any, *, warns: Any) -> rx.Component:
    """Two sentences on how things stand, gray; amber where they need care."""
    return rx.el.p(
        rx.cond(warns, icon("triangle-alert", size=18), icon("info", size=18)),
        rx.el.span(rx.el.strong(strong), " ", rest),
        class_name=rx.cond(warns, "notice is-warning", "notice"),
    )


def warning(strong: Any, rest: str) -> rx.Component:
    """An amber message: something is old or needs care, and the page still works."""
    return rx.el.p(
        icon("triangle-alert", size=18),
        rx.el.span(rx.el.strong(strong), " ", rest),
        role="status",
        class_name="notice is-warning",
    )
