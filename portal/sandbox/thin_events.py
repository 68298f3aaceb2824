"""Thin events: the same news without the object, as v2 destinations get them.

https://docs.stripe.com/event-destinations#thin-events
"""

from typing import Any

from portal.clock import from_epoch

StripeObject = dict[str, Any]
_PREFIX = "evt_test_"
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


def thin_event(event: StripeObject) -> StripeObject:
    """The v2 form of a v1 event: its type with `v1.` before it, and where the object is."""
    obj, request = event["data"]["object"], event["request"]
    related = {
        "id": obj["id"],
        "type": obj["object"],
        "url": f"{_PATHS[obj['object']]}/{obj['id']}",
    }
    return {
        "id": _PREFIX + event["id"].removeprefix("evt_"),
        "object": "v2.core.event",
        "context": None,
        "created": rfc3339(event["created"]),
        "livemode": False,
        "reason": {"type": "request", "request": request} if request["id"] else None,
        "related_object": related,
        "snapshot_event": event["id"],
        "type": f"v1.{event['type']}",
    }


def snapshot_id(thin_id: str) -> str:
    """The id of the v1 event that a thin one tells of."""
    return "evt_" + thin_id.removeprefix(_PREFIX)


def rfc3339(seconds: int) -> str:
    """A time as v2 writes it."""
    return from_epoch(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
