"""What stands in the head of every page: the icon, the font ahead of its use, our one script."""

import reflex as rx

_FONT = "/fonts/inter-latin-wght-normal.woff2"


def document_head() -> list[rx.Component]:
    """Links and scripts, all from our own address; style sheets are listed by the app."""
    return [
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.link(
            rel="preload",
            href=_FONT,
            type="font/woff2",
            custom_attrs={"as": "font", "crossOrigin": "anonymous"},
        ),
        rx.el.script(src="/age.js", custom_attrs={"async": True}),
    ]
