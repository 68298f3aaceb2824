"""A meter's price ladder as a bar: outlined is included, solid is billed."""

import reflex as rx

from portal.components.tier_ladder import Boundary, Segment, TierBar, TierPrice


def tier_bar(bar: TierBar) -> rx.Component:
    """Boundaries above, prices below; the words for screen readers carry the amounts."""
    return rx.el.div(
        rx.el.span(bar.explanation, class_name="visually-hidden"),
        rx.el.div(
            rx.foreach(bar.segments, _segment),
            rx.foreach(bar.boundaries, _boundary),
            rx.foreach(bar.prices, _price),
            class_name="tier-track",
            aria_hidden="true",
        ),
        class_name="tier-bar",
    )


def _segment(segment: Segment) -> rx.Component:
    return rx.el.i(
        class_name=rx.cond(segment.included, "tier-segment is-included", "tier-segment is-billed"),
        style={"left": segment.left, "width": segment.width},
    )


def _boundary(boundary: Boundary) -> rx.Component:
    return rx.el.i(
        rx.el.span(boundary.label), class_name="tier-boundary", style={"left": boundary.left}
    )


def _price(price: TierPrice) -> rx.Component:
    return rx.el.span(
        price.label,
        class_name=rx.cond(price.first, "tier-price is-first", "tier-price"),
        style={"left": price.left},
    )
