"""What the tests of the hosted pages share."""

import pytest

from tests.sandbox.hosted.browser import Browser


@pytest.fixture
def browser(sandbox):
    """A browser at the shared sandbox."""
    opened = Browser(sandbox.url)
    yield opened
    opened.http.close()
