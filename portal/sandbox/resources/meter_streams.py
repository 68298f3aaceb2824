"""Many events a call: sessions of 15 minutes, and the stream that they open.

https://docs.stripe.com/api/v2/billing/meter-event-stream: nothing of what is streamed is checked
before the answer. Stripe serves the stream in live mode only, the sandbox to any key.
"""

import secrets
from typing import Any

from portal.sandbox.refusals import Refused
from portal.sandbox.resources.meter_events import with_epoch
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store
from portal.sandbox.thin_events import rfc3339

StripeObject = dict[str, Any]
routes = Routes()
STREAM = "/v2/billing/meter_event_stream"
_KIND = "v2.billing.meter_event_session"
_LASTS_SECONDS = 15 * 60
_MOST_EVENTS = 100


@routes.post("/v2/billing/meter_event_session", "v2.billing.MeterEventSessionCreateParams")
def create_meter_event_session(call: Call) -> StripeObject:
    """Hand out a token for the stream; what has long been over is forgotten."""
    store = call.store
    now = store.now()
    for session in store.every(_KIND):
        if session["_expires"] <= now - _LASTS_SECONDS:
            store.delete(_KIND, session["id"])
    expires = now + _LASTS_SECONDS
    return store.put(
        {
            "id": store.new_id("mes_test"),
            "object": _KIND,
            "authentication_token": f"mest_{secrets.token_urlsafe(32)}",
            "created": rfc3339(now),
            "expires_at": rfc3339(expires),
            "livemode": False,
            "_expires": expires,
        }
    )


@routes.post(STREAM, "v2.billing.MeterEventStreamCreateParams", "events")
def stream_meter_events(call: Call) -> StripeObject:
    """Take in up to a hundred events; what is wrong with one is told in an error report."""
    events = call.params["events"]
    if not 1 <= len(events) <= _MOST_EVENTS:
        raise Refused(
            f"A call must hold between 1 and {_MOST_EVENTS} events.",
            code="parameter_invalid_array",
            param="events",
        )
    call.ledger.stream(
        with_epoch(event, f"events[{position}][timestamp]") for position, event in enumerate(events)
    )
    return {}


def check_session(store: Store, token: str) -> None:
    """Refuse a call to the stream that does not carry the token of a session that still lasts."""
    session = next((one for one in store.look_each(_KIND) if _has(one, token)), None)
    if session is None:
        raise Refused("Invalid authentication token provided.", status=401)
    if session["_expires"] <= store.now():
        raise Refused(
            "The meter event session has expired. Create a new one.",
            status=401,
            type="temporary_session_expired",
            code="billing_meter_event_session_expired",
        )


def _has(session: Any, token: str) -> bool:
    known = session["authentication_token"].encode()
    return secrets.compare_digest(known, token.encode())
