"""A large amount whose cents are drawn in second ink."""

from dataclasses import dataclass

import reflex as rx

from portal.money import Money, money_text

_LONGEST_FIGURE = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount split before its decimals; currencies without decimals have no cents.

    `long` amounts are drawn smaller where there is little room.
    """

    whole: str
    cents: str = ""
    long: bool = False


def money_figure(money: Money) -> Figure:
    """The amount as a figure: $1,047 and .25."""
    text = money_text(money)
    whole, point, cents = text.partition(".")
    return Figure(whole, point + cents, long=len(text) > _LONGEST_FIGURE)


def figure(value: Figure) -> rx.Component:
    """Draw the figure; it reads as one amount."""
    return rx.el.span(
        value.whole,
        rx.el.span(value.cents, class_name="cents"),
        class_name=rx.cond(value.long, "num is-long", "num"),
    )
