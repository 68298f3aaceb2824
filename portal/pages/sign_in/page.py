"""The sign-in page. Its buttons post a native form, because only a route can set the cookie."""

import reflex as rx

from portal.components.icon import icon
from portal.components.native_form import native_form
from portal.components.notice import flash
from portal.components.shell import vendor_mark
from portal.pages.session_state import SessionState
from portal.pages.sign_in.state import SignInState
from portal.pages.sign_in.view import DemoCustomerRow, SignInView


def sign_in_page() -> rx.Component:
    """One card: the vendor, and the ways in."""
    view = SignInState.view
    return rx.el.div(
        rx.el.main(
            vendor_mark(large=True),
            rx.el.h1("Usage and billing"),
            rx.el.p("Sign in to " + SessionState.vendor_name + " billing."),
            flash(SessionState.notice),
            rx.cond(view.loaded, rx.cond(view.demo, _demo(view), _no_way_in())),
            class_name="sign-in-card",
        ),
        rx.el.footer("Payments by Stripe", class_name="sign-in-foot"),
        class_name="sign-in",
    )


def _demo(view: SignInView) -> rx.Component:
    return native_form(
        rx.el.h2("Sign in as"),
        rx.cond(view.searchable, _search()),
        rx.el.div(rx.foreach(view.customers, _customer), class_name="demo-list"),
        rx.cond(view.remark, rx.el.p(view.remark, role="status", class_name="caption")),
        rx.cond(view.preparing, rx.el.p("The demo's companies are still being made.")),
        rx.el.p("A demo with made-up companies; no password.", class_name="caption"),
        action="/auth/demo",
        class_name="demo-customers",
    )


def _search() -> rx.Component:
    return rx.el.label(
        icon("search"),
        rx.el.span("Find a company", class_name="visually-hidden"),
        rx.el.input(
            type="search",
            placeholder="Find a company",
            auto_complete="off",
            max_length=100,
            on_change=SignInState.find_customer.debounce(150),
            class_name="search-field",
        ),
        class_name="search",
    )


def _customer(customer: DemoCustomerRow) -> rx.Component:
    return rx.el.button(
        rx.el.span(customer.initials, class_name="avatar", aria_hidden="true"),
        rx.el.span(
            rx.el.b(customer.name),
            rx.el.span(customer.caption, class_name="caption"),
            class_name="who",
        ),
        rx.cond(
            customer.state,
            rx.el.span(
                customer.state, class_name=rx.cond(customer.worrying, "badge is-warning", "badge")
            ),
        ),
        icon("arrow-right"),
        type="submit",
        name="customer",
        value=customer.id,
        class_name="button",
    )


def _no_way_in() -> rx.Component:
    return rx.el.p(
        "No way to sign in is set up here yet. ",
        SessionState.vendor_name,
        " can open this portal for you from your account.",
    )
