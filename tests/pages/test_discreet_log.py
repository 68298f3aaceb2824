"""The log never holds what a browser sent along with its cookie."""

import asyncio
import logging
from typing import Any

import pytest
from reflex.event import Event

from portal.pages.discreet_log import keep_events_out_of_the_log


async def test_an_event_that_no_page_has_leaves_no_cookie_and_no_long_line_in_the_log(
    open_tab: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tab = open_tab("stale", cookie="portal_session=very-secret")
    headers = {"headers": {"cookie": tab.cookie}}
    event = Event(name="renamed" * 1000, payload={}, router_data=headers)
    await tab.processor.enqueue(tab.token, event)
    await asyncio.wait_for(tab.processor._queue.join(), 5)
    assert "No registered handler" in caplog.text
    assert "very-secret" not in caplog.text
    assert len(caplog.text) < 1000


def test_other_lines_of_the_log_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    keep_events_out_of_the_log()
    with caplog.at_level(logging.WARNING):
        logging.getLogger("reflex.app").warning("a plain %s", "line")
    assert "a plain line" in caplog.text
