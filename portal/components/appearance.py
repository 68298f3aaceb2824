"""The choice of light, dark, or what the system says; kept by the browser."""

from typing import Literal

import reflex as rx
from reflex.style import set_color_mode

from portal.components.icon import icon

Mode = Literal["light", "dark", "system"]
_CHOICES: tuple[tuple[Mode, str, str], ...] = (
    ("light", "sun", "Light"),
    ("dark", "moon", "Dark"),
    ("system", "monitor", "System"),
)


def appearance(group: str) -> rx.Component:
    """Three native radio buttons drawn as one control; `group` is unique on the page."""
    return rx.el.fieldset(
        rx.el.legend("Appearance"),
        rx.el.div(
            *(_choice(group, mode, sign, name) for mode, sign, name in _CHOICES),
            class_name="segments",
        ),
        class_name="appearance",
    )


def _choice(group: str, mode: Mode, sign: str, name: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name=group,
            value=mode,
            checked=rx.color_mode == mode,
            on_change=set_color_mode(mode),
        ),
        icon(sign),
        rx.el.span(name, class_name="visually-hidden"),
        title=name,
        class_name="segment",
    )
