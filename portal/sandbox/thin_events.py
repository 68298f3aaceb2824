"""Thin events: the same news without the object, as v2 destinations get them.

https://docs.stripe.com/event-destinations#thin-events
"""

from datetime import datetime
from typing import Any

from portal.clock import from_epoch, to_epoch
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
KIND = "v2.core.event"
_PREFIX = "evt_test_"
_LONGEST_ECHO = 100
_FETCHED = ("data", "snapshot_event")
# Where objects are whose path does not follow from the name of their kind.
_PATHS = {
    "customer_balance_transaction": "/v1/customers/{customer}/balance_transactions/{id}",
    "discount": "/v1/customers/{customer}/discount",
    "line_item": "/v1/invoices/{invoice}/lines/{id}",
    "v2.core.event_destination": "/v2/core/event_destinations/{id}",
}


def thin_event(event: StripeObject) -> StripeObject:
    """The v2 form of a v1 event: its type with `v1.` before it, and where the object is."""
    if event["object"] == KIND:
        return event
    obj = event["data"]["object"]
    return {
        "id": _PREFIX + event["id"].removeprefix("evt_"),
        "object": KIND,
        "context": None,
        "created": rfc3339(event["created"]),
        "livemode": False,
        "reason": _reason(event["request"]),
        "related_object": related_object(obj),
        "snapshot_event": event["id"],
        "type": f"v1.{event['type']}",
    }


def keep_thin(
    store: Store,
    type: str,
    related: StripeObject | None,
    data: StripeObject | None,
    *,
    only_for: str | None = None,
) -> StripeObject:
    """Announce what Stripe tells of in a thin event only; `data` must be fetched.

    `only_for` is the id of the destination that it is meant for, if for one alone.
    """
    return store.announce(
        {
            "id": store.new_id("evt_test"),
            "object": KIND,
            "context": None,
            "created": rfc3339(store.now()),
            "data": data,
            "livemode": False,
            "reason": None,
            "related_object": related and related_object(related),
            "type": type,
            "_emitted_at": store.now(),
            "_only_for": only_for,
        }
    )


def notification(event: StripeObject) -> StripeObject:
    """The part of a thin event that is delivered; for the rest it must be fetched."""
    return {
        name: value
        for name, value in thin_event(event).items()
        if not name.startswith("_") and name not in _FETCHED
    }


def related_object(obj: StripeObject) -> StripeObject | None:
    """Where the object is that an event tells of; of one without an id what it is about."""
    if "id" not in obj:
        about = obj.get("alert")
        return about and related_object(about)
    kind = obj["object"]
    path = _PATHS.get(kind, f"/v1/{kind.replace('.', '/')}s/{{id}}")
    return {"id": obj["id"], "type": kind, "url": path.format_map(obj)}


def _reason(request: StripeObject) -> StripeObject | None:
    """The request that an event came of, if any; in v2 a key that was not given is no text."""
    if request["id"] is None:
        return None
    return {
        "type": "request",
        "request": request | {"idempotency_key": request["idempotency_key"] or ""},
    }


def snapshot_id(thin_id: str) -> str:
    """The id of the v1 event that a thin one tells of."""
    return "evt_" + thin_id.removeprefix(_PREFIX)


def from_rfc3339(text: str, param: str) -> int:
    """The whole seconds of a time as v2 writes it; `param` names it when it is none."""
    try:
        return to_epoch(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Refused(
            f"Invalid timestamp: {text[:_LONGEST_ECHO]}; it must be written as in RFC 3339.",
            param=param,
        ) from None


def rfc3339(seconds: int) -> str:
    """A time as v2 writes it."""
    return from_epoch(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
