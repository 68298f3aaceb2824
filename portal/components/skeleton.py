"""The grey boxes that stand where values will be; labels and headings show at once."""

import reflex as rx


def skeleton(width: str, height: int, *, class_name: str = "") -> rx.Component:
    """A box of the value's size, `height` in pixels; it shimmers and appears only after 200 ms."""
    return rx.el.span(
        class_name=f"skeleton {class_name}",
        style={"width": width, "height": f"{height}px"},
        aria_hidden="true",
    )
