"""What an event must say about itself before it is kept."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.inbox.arrival import MalformedEvent, read_arrival
from tests.fixtures.database import NOON

SNAPSHOT = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-10-28.endive",
    "created": 1764000000,
    "livemode": False,
    "type": "invoice.paid",
    "data": {"object": {"object": "invoice", "id": "in_1"}},
}
THIN = {
    "id": "evt_test_65",
    "object": "v2.core.event",
    "created": "2026-11-22T11:59:58.250Z",
    "livemode": False,
    "type": "v1.billing.meter.error_report_triggered",
    "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
}


def body(event: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({**event, **changes}).encode()


def test_a_snapshot_event_is_read_whole():
    arrived = read_arrival(body(SNAPSHOT), NOON)

    assert (arrived.event_id, arrived.type, arrived.livemode) == ("evt_1", "invoice.paid", False)
    assert arrived.object_key == "invoice/in_1"
    assert arrived.api_version == "2026-10-28.endive"
    assert arrived.created_at == datetime(2025, 11, 24, 16, tzinfo=UTC)
    assert arrived.received_at == NOON
    assert arrived.payload.encode() == body(SNAPSHOT)


def test_a_thin_event_is_read_whole():
    arrived = read_arrival(body(THIN), NOON)

    assert arrived.object_key == "meter/mtr_1"
    assert arrived.api_version is None
    assert arrived.created_at == datetime(2026, 11, 22, 11, 59, 58, 250_000, UTC)


def test_an_event_of_an_unknown_type_is_read_without_an_object():
    arrived = read_arrival(body(SNAPSHOT, type="rocket.launched", data={}), NOON)

    assert (arrived.type, arrived.object_key) == ("rocket.launched", None)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"evt_1"',
        b"\xff\xfe",
        body(SNAPSHOT).decode().encode("utf-16"),
        b"[" * 200_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        body(SNAPSHOT, id=None),
        body(SNAPSHOT, id="evt_\x00"),
        body(SNAPSHOT, id="evt_\ud800"),
        body(SNAPSHOT, id="e" * 256),
        body(SNAPSHOT, type=7),
        body(SNAPSHOT, livemode="no"),
        body(SNAPSHOT, created=True),
        body(SNAPSHOT, created=10**30),
        body(SNAPSHOT, created="yesterday"),
        body(SNAPSHOT, created="2026-11-22T11:59:58"),
        body(SNAPSHOT, api_version={"a": 1}),
    ],
)
def test_what_is_no_event_is_malformed(given: bytes):
    with pytest.raises(MalformedEvent):
        read_arrival(given, NOON)
