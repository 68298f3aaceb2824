"""From a verified body to the row that is kept: what every event must say about itself."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.clock import aware, from_epoch
from portal.errors import InvalidInput
from portal.inbox.handlers import concerned
from portal.records.stripe_events import ArrivedEvent

_EVENT_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
_TYPE = re.compile(r"[a-z0-9_.\[\]]{1,255}")
_VERSION = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class MalformedEvent(InvalidInput):
    """The body is signed and yet no event: not JSON, or without what every event has."""


def read_arrival(body: bytes, received_at: datetime) -> ArrivedEvent:
    """The event in the body, with the object it is about; MalformedEvent says what is missing."""
    payload, event = _parse(body)
    about = concerned(event)
    return ArrivedEvent(
        event_id=_text(event, "id", _EVENT_ID),
        type=_text(event, "type", _TYPE),
        object_kind=about.kind if about else None,
        object_id=about.id if about else None,
        api_version=_api_version(event),
        livemode=_livemode(event),
        created_at=_created_at(event.get("created")),
        received_at=received_at,
        payload=payload,
    )


def _parse(body: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        payload = body.decode()
        event = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent("The body is not JSON in UTF-8.") from error
    if not isinstance(event, dict):
        raise MalformedEvent("The body is not a JSON object.")
    return payload, event


def _text(event: Mapping[str, Any], field: str, pattern: re.Pattern[str]) -> str:
    given = event.get(field)
    if not isinstance(given, str) or not pattern.fullmatch(given):
        raise MalformedEvent(f"The event has no usable `{field}`.", field=field)
    return given


def _api_version(event: Mapping[str, Any]) -> str | None:
    # Thin events have none: they carry nothing that a version could shape.
    return None if event.get("api_version") is None else _text(event, "api_version", _VERSION)


def _livemode(event: Mapping[str, Any]) -> bool:
    livemode = event.get("livemode")
    if not isinstance(livemode, bool):
        raise MalformedEvent("The event does not say its `livemode`.", field="livemode")
    return livemode


def _created_at(given: object) -> datetime:
    """Epoch seconds in a snapshot event, RFC 3339 in a thin one."""
    try:
        if isinstance(given, str):
            return aware(datetime.fromisoformat(given))
        if isinstance(given, int) and not isinstance(given, bool):
            return from_epoch(given)
    except (ValueError, OverflowError, OSError):
        pass
    raise MalformedEvent("The event has no usable `created`.", field="created")
