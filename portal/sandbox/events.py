"""Stripe's events: what happened to an object, with the object as it was right after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.sandbox.wire import presented

if TYPE_CHECKING:
    from portal.sandbox.store import Store

API_VERSION = "2026-10-28.endive"


def event_about(
    store: Store, type: str, obj: dict[str, Any], previous_attributes: dict[str, Any] | None
) -> dict[str, Any]:
    """The event that says `type` about the object; not kept yet."""
    data = {"object": presented(store, obj)}
    if previous_attributes is not None:
        data["previous_attributes"] = previous_attributes
    return {
        "id": store.new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": store.now(obj if obj["object"] == "customer" else obj.get("customer")),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": dict(store.request),
        "type": type,
    }
