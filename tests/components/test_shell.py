"""The frame and its forms, as the browser will get them."""

from typing import Any

import reflex as rx

from portal.components.empty import empty
from portal.components.icon import icon
from portal.components.native_form import native_form
from portal.components.nav import ROOMS, room_links, tab_bar


def test_a_native_form_is_posted_by_the_browser_itself():
    drawn = rendered(native_form(rx.el.button("Sign out"), action="/auth/sign_out"))

    assert '"form"' in drawn
    assert '"/auth/sign_out"' in drawn
    assert '"post"' in drawn
    assert "onSubmit" not in drawn


def test_the_current_room_says_so_and_only_that_one():
    for room in ROOMS:
        drawn = [rendered(link) for link in room_links(room.name)]
        assert sum('"aria-current":"page"' in link for link in drawn) == 1


def test_rail_and_tabs_are_landmarks_with_different_names():
    assert '"aria-label":"Tabs"' in rendered(tab_bar("Overview"))


def test_an_icon_is_hidden_from_screen_readers():
    assert '"aria-hidden":"true"' in rendered(icon("clock"))


def test_an_empty_place_has_a_heading_of_the_asked_level():
    assert '"h3"' in rendered(empty("receipt", "No preview yet", "It comes.", heading=3))


def rendered(component: Any) -> str:
    return str(component)
