"""What stands where there is nothing to show yet, and says when there will be."""

from typing import Any

import reflex as rx

from portal.components.icon import icon


def empty(sign: str, title: Any, text: Any, *, heading: int = 2) -> rx.Component:
    """A sign, a short title as a heading of the given level, and one or two sentences."""
    make_heading = {2: rx.el.h2, 3: rx.el.h3}[heading]
    return rx.el.div(
        icon(sign, size=24),
        make_heading(title),
        rx.el.p(text),
        class_name="empty",
    )
