"""The rooms that exist and the links to them: the rail on a desk, the tab bar on a phone."""

from dataclasses import dataclass

import reflex as rx

from portal.components.icon import icon


@dataclass(frozen=True, slots=True)
class Room:
    """A page that a signed-in person can go to."""

    name: str
    path: str
    sign: str


ROOMS = (Room("Overview", "/", "gauge"),)


def room_links(current: str) -> list[rx.Component]:
    """One link per room; the current page's says so."""
    return [_link(room, is_current=room.name == current) for room in ROOMS]


def tab_bar(current: str) -> rx.Component:
    """The rooms along the bottom of a phone."""
    return rx.el.nav(*room_links(current), class_name="tab-bar", aria_label="Tabs")


def _link(room: Room, *, is_current: bool) -> rx.Component:
    return rx.el.a(
        icon(room.sign),
        rx.el.span(room.name),
        href=room.path,
        class_name="room-link",
        aria_current="page" if is_current else None,
    )
