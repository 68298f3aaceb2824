"""The pages as they are built: light, with one heading, and without anybody's style sheet."""

import pytest
import reflex as rx

from portal.pages.not_found.page import not_found_page
from portal.pages.overview.page import overview_page
from portal.pages.sign_in.page import sign_in_page

PAGES = {"overview": overview_page, "sign-in": sign_in_page, "not found": not_found_page}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> rx.Component:
    return PAGES[request.param]()


def test_no_page_pulls_in_radix_or_an_icon_library(page: rx.Component) -> None:
    libraries = " ".join(page._get_all_imports())

    assert "radix" not in libraries
    assert "lucide" not in libraries
    assert "sonner" not in libraries


def test_every_page_has_one_first_heading_and_one_main_part(page: rx.Component) -> None:
    drawn = str(page)

    assert drawn.count('jsx("h1"') == 1
    assert drawn.count('jsx("main"') == 1


def test_only_the_overview_pulls_in_the_chart_library() -> None:
    assert any("recharts" in name for name in overview_page()._get_all_imports())
    assert not any("recharts" in name for name in sign_in_page()._get_all_imports())
