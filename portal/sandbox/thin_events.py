"""Thin events: the same news without the object, as v2 destinations get them.

https://docs.stripe.com/event-destinations#thin-events
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.clock import from_epoch, to_epoch
from portal.sandbox.refusals import Refused

if TYPE_CHECKING:
    from portal.sandbox.store import Store

StripeObject = dict[str, Any]
KIND = "v2.core.event"
_PREFIX = "evt_test_"
_LONGEST_ECHO = 100
_FETCHED = ("data", "snapshot_event")
_PATHS = {
    "billing.meter": "/v1/billing/meters",
    "customer": "/v1/customers",
    "invoice": "/v1/invoices",
    "payment_method": "/v1/payment_methods",
    "price": "/v1/prices",
    "product": "/v1/products",
    "subscription": "/v1/subscriptions",
    "test_helpers.test_clock": "/v1/test_helpers/test_clocks",
}


def has_thin_form(event: StripeObject) -> bool:
    """Whether it can be told without its object: by where the object is."""
    return event["object"] == KIND or event["data"]["object"]["object"] in _PATHS


def thin_event(event: StripeObject) -> StripeObject:
    """The v2 form of a v1 event: its type with `v1.` before it, and where the object is."""
    if event["object"] == KIND:
        return event
    obj, request = event["data"]["object"], event["request"]
    return {
        "id": _PREFIX + event["id"].removeprefix("evt_"),
        "object": KIND,
        "context": None,
        "created": rfc3339(event["created"]),
        "livemode": False,
        "reason": {"type": "request", "request": request} if request["id"] else None,
        "related_object": related_object(obj),
        "snapshot_event": event["id"],
        "type": f"v1.{event['type']}",
    }


def keep_thin(
    store: Store, type: str, related: StripeObject | None, data: StripeObject
) -> StripeObject:
    """Announce what Stripe tells of in a thin event only; `data` must be fetched."""
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
        }
    )


def notification(event: StripeObject) -> StripeObject:
    """The part of a thin event that is delivered; for the rest it must be fetched."""
    return {
        name: value
        for name, value in thin_event(event).items()
        if not name.startswith("_") and name not in _FETCHED
    }


def related_object(obj: StripeObject) -> StripeObject:
    """Where the object is that an event tells of."""
    path = f"{_PATHS[obj['object']]}/{obj['id']}"
    return {"id": obj["id"], "type": obj["object"], "url": path}


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
