"""The few icons of the portal, inlined as SVG: shapes of Lucide (ISC, assets/licences)."""

import reflex as rx

_SHAPES = {
    "arrow-right": "M5 12h14M12 5l7 7-7 7",
    "arrow-down-right": "M7 7l10 10M17 7v10H7",
    "arrow-up-right": "M7 7h10v10M7 17 17 7",
    "calendar": "M8 2v3M16 2v3M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 "
    "2-2zM3 9h18",
    "chevrons": "M7 15l5 5 5-5M7 9l5-5 5 5",
    "clock": "M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20zM12 6v6l4 2",
    "credit-card": "M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM2 "
    "10h20M6 14h2",
    "gauge": "M12 14l4-4M3.34 19a10 10 0 1 1 17.32 0",
    "info": "M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20zM12 16v-4M12 8h.01",
    "log-out": "M16 17l5-5-5-5M21 12H9M9 21H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h4",
    "minus": "M5 12h14",
    "monitor": "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM8 21h8"
    "M12 17v4",
    "moon": "M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 "
    "8.268c.344-.215.825-.004.803.401",
    "receipt": "M4 2v20l2-1 2 1 2-1 2 1 2-1 2 1 2-1 2 1V2l-2 1-2-1-2 1-2-1-2 1-2-1-2 "
    "1zM8 8h8M8 12h8",
    "search": "M11 3a8 8 0 1 0 0 16 8 8 0 1 0 0-16zM21 21l-4.3-4.3",
    "sun": "M12 8a4 4 0 1 0 0 8 4 4 0 1 0 0-8zM12 2v2M12 20v2M4.93 4.93l1.41 1.41M17.66 17.66l1.41 "
    "1.41M2 12h2M20 12h2M6.34 17.66l-1.41 1.41M19.07 4.93l-1.41 1.41",
    "triangle-alert": "M21.73 18l-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3"
    "M12 9v4M12 17h.01",
}


def icon(name: str, *, size: int = 16) -> rx.Component:
    """A drawn sign beside a word that says the same; screen readers skip it."""
    return rx.el.svg(
        rx.el.svg.path(d=_SHAPES[name]),
        view_box="0 0 24 24",
        width=str(size),
        height=str(size),
        class_name="icon",
        aria_hidden="true",
    )
