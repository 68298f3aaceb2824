"""A labelled figure with two short lines below it, the second of which states its basis."""

from dataclasses import dataclass

import reflex as rx

from portal.components.money_text import Figure, figure
from portal.components.skeleton import skeleton

_NO_AMOUNT = Figure("")


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """What a key figure says; a `word` ("Not yet") stands in for a figure that is not there.

    The first line below it is `before`, `strong` and `after` in a row.
    """

    label: str
    amount: Figure = _NO_AMOUNT
    word: str = ""
    before: str = ""
    strong: str = ""
    after: str = ""
    second: str = ""


def key_figure(shown: KeyFigure, *, hero: bool = False) -> rx.Component:
    """One cell of the summary; the hero is the screen's one large figure."""
    return rx.el.div(
        rx.el.dt(shown.label),
        rx.el.dd(
            rx.cond(
                shown.word,
                rx.el.span(shown.word, class_name="absent"),
                figure(shown.amount),
            ),
            class_name="figure",
        ),
        rx.el.dd(
            rx.el.span(shown.before, rx.el.b(shown.strong), shown.after),
            rx.el.span(shown.second),
            class_name="basis",
        ),
        class_name="key-figure is-hero" if hero else "key-figure",
    )


def key_figure_skeleton(label: str, *, hero: bool = False) -> rx.Component:
    """The cell while its figure is not known yet."""
    return rx.el.div(
        rx.el.dt(label),
        rx.el.dd(
            skeleton("180px", 34) if hero else skeleton("120px", 26),
            class_name="figure",
        ),
        rx.el.dd(skeleton("78%", 12), skeleton("56%", 12), class_name="basis"),
        class_name="key-figure is-hero" if hero else "key-figure",
    )
