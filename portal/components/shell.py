"""The frame around every page of a signed-in person: vendor, rooms, account, and one main part."""

from typing import Protocol

import reflex as rx
from reflex_components_core.el.elements.inline import A

from portal.components.appearance import appearance
from portal.components.icon import icon
from portal.components.native_form import native_form
from portal.components.nav import room_links, tab_bar
from portal.components.notice import flash

_ACCOUNT_MENU = "account-menu"


class SignedIn(Protocol):
    """What the frame shows of the vendor and of who is signed in."""

    vendor_name: str
    customer_name: str
    role_name: str
    initials: str
    notice: str


def shell(
    *content: rx.Component, session: type[SignedIn], current: str, freshness: rx.Component
) -> rx.Component:
    """The page `current` with its content; `freshness` stands in the phone's top bar."""
    return rx.el.div(
        _skip_link(),
        _rail(session, current),
        rx.el.div(
            _top_bar(session, freshness),
            rx.el.main(flash(session.notice), *content, id="main", tab_index=-1, class_name="page"),
        ),
        tab_bar(current),
        _account_menu(session),
        class_name="app",
    )


def vendor_mark(*, large: bool = False) -> rx.Component:
    """The vendor's mark (assets/mark.svg) in the accent's colour."""
    return rx.el.span(
        class_name="vendor-mark is-large" if large else "vendor-mark",
        aria_hidden="true",
    )


def page_head(title: str, *tools: rx.Component) -> rx.Component:
    """The page's one heading, with what belongs to the whole page at the right."""
    return rx.el.div(rx.el.h1(title), rx.el.div(*tools, class_name="tools"), class_name="page-head")


def _skip_link() -> rx.Component:
    # `rx.el.a` is the router's link; here the browser must go, so that the focus moves along.
    return A.create("Skip to content", href="#main", class_name="skip-link")


def _rail(session: type[SignedIn], current: str) -> rx.Component:
    return rx.el.header(
        rx.el.div(vendor_mark(), rx.el.span(session.vendor_name), class_name="brand"),
        rx.el.nav(*room_links(current), aria_label="Main"),
        rx.el.div(appearance("rail-appearance"), _account_button(session), class_name="rail-foot"),
        class_name="rail",
    )


def _account_button(session: type[SignedIn]) -> rx.Component:
    return rx.el.button(
        _avatar(session),
        _who(session),
        icon("chevrons", size=14),
        type="button",
        class_name="account",
        custom_attrs={"popoverTarget": _ACCOUNT_MENU},
    )


def _top_bar(session: type[SignedIn], freshness: rx.Component) -> rx.Component:
    return rx.el.header(
        vendor_mark(),
        rx.el.b(session.customer_name),
        freshness,
        rx.el.button(
            _avatar(session),
            type="button",
            aria_label="Account of " + session.customer_name,
            class_name="account-button",
            custom_attrs={"popoverTarget": _ACCOUNT_MENU},
        ),
        class_name="top-bar",
    )


def _account_menu(session: type[SignedIn]) -> rx.Component:
    """Opened from the rail's foot or the top bar; the browser closes it on Escape or a click."""
    return rx.el.div(
        _who(session),
        appearance("menu-appearance"),
        native_form(
            rx.el.button(icon("log-out"), "Sign out", type="submit", class_name="button"),
            action="/auth/sign_out",
        ),
        id=_ACCOUNT_MENU,
        class_name="account-menu",
        custom_attrs={"popover": "auto"},
    )


def _who(session: type[SignedIn]) -> rx.Component:
    return rx.el.span(
        rx.el.b(session.customer_name), rx.el.span(session.role_name), class_name="who"
    )


def _avatar(session: type[SignedIn]) -> rx.Component:
    return rx.el.span(session.initials, class_name="avatar", aria_hidden="true")
