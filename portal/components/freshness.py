"""How old the shown figures are, counted in the browser from one moment (assets/age.js)."""

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML

from portal.components.icon import icon


class _DataAge(BaseHTML):
    # Reflex makes a JavaScript name of the tag, which must not hold a hyphen; the alias is drawn.
    tag = "DataAge"
    alias = "data-age"


def freshness(read_at: int, *, brief: bool = False, announce: bool = False) -> rx.Component:
    """A mark and the age of what Stripe was asked for at `read_at` (Unix seconds, 0 for never).

    `brief` leaves the age out once the figures are old: "as of 10:31". `announce` tells screen
    readers, once, when the figures become old.
    """
    switches = {
        "read-at": rx.Var.create(read_at).to(str),
        **({"brief": ""} if brief else {}),
        **({"announce": ""} if announce else {}),
    }
    return rx.el.span(
        rx.el.i(class_name="fresh-mark", aria_hidden="true"),
        icon("clock", size=12),
        _DataAge.create(custom_attrs=switches),
        class_name="fresh",
    )


def freshness_loading() -> rx.Component:
    """The mark while nothing is known yet."""
    return rx.el.span(
        rx.el.i(class_name="fresh-mark", aria_hidden="true"),
        "loading",
        class_name="fresh is-loading",
    )
