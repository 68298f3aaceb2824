"""The page for an address where there is nothing, or nothing for this person."""

import reflex as rx

from portal.components.shell import vendor_mark


def not_found_page() -> rx.Component:
    """Says so, and where to go on."""
    return rx.el.div(
        rx.el.main(
            vendor_mark(large=True),
            rx.el.h1("Nothing here"),
            rx.el.p("This address leads nowhere, or to something that is not yours to see."),
            rx.el.a("Go to the overview", href="/", class_name="button is-primary"),
            class_name="sign-in-card",
        ),
        class_name="sign-in",
    )
