"""Stripe's events: what happened to an object, with the object as it was right after."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from portal.sandbox.wire import presented

if TYPE_CHECKING:
    from portal.sandbox.store import Store

API_VERSION = "2026-10-28.endive"
# What is kept of an event until an endpoint has taken it.
DELIVERY = "sandbox.delivery"
# https://docs.stripe.com/api/events/list
KEPT_SECONDS = 30 * 86400
# So that nobody waits long for an answer meanwhile.
_FORGOTTEN_AT_ONCE = 500


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
        "created": store.now(_customer_of(obj)),
        "data": data,
        "livemode": False,
        "pending_webhooks": len(listeners(store, type)),
        "request": dict(store.request),
        "type": type,
        # Events of a test clock are dated by it; how long they are kept goes by the real time.
        "_emitted_at": store.now(),
    }


def _customer_of(obj: dict[str, Any]) -> Any:
    """By whose clock things happen to the object; some belong to a customer without saying so."""
    return obj if obj["object"] == "customer" else obj.get("customer") or obj.get("_customer")


def deliveries_of(store: Store, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is to be delivered of the event: one object for each endpoint that wants it.

    Kept with the event in one commit, so that none is lost if the process dies in between.
    """
    for listener in listeners(store, event["type"], event["object"], event.get("_only_for")):
        yield {
            "object": DELIVERY,
            "id": f"{event['id']}/{listener['id']}",
            "event": event["id"],
            "_kind": event["object"],
            "attempts": 0,
            "_listener": (listener["object"], listener["id"]),
        }


def listeners(
    store: Store, type: str, event_kind: str = "event", only_for: str | None = None
) -> list[dict[str, Any]]:
    """Who gets an event of a type; those of the kind `v2.core.event` have only a thin form.

    One that is meant for somebody (`only_for`) they get whether they have asked for it or not.
    """
    return [
        listener
        for kind in ("webhook_endpoint", "v2.core.event_destination")
        if store.has(kind)
        for listener in reversed(store.every(kind))
        if listener["status"] == "enabled"
        and (only_for == listener["id"] if only_for else _wants(listener, type, event_kind))
    ]


def forget_old(store: Store) -> None:
    """Forget some events that Stripe would not show any more, up to one still to be delivered.

    So a sandbox may run for ever.
    """
    latest = store.now() - KEPT_SECONDS
    old = takewhile(
        lambda event: (
            event["_emitted_at"] <= latest and not any(store.look_each(DELIVERY, event=event["id"]))
        ),
        store.look_oldest("event"),
    )
    for id in [event["id"] for event in islice(old, _FORGOTTEN_AT_ONCE)]:
        store.delete("event", id)


def _wants(listener: dict[str, Any], type: str, event_kind: str) -> bool:
    is_thin = listener.get("event_payload") == "thin"
    if event_kind == "v2.core.event":
        return is_thin and bool({"*", type} & set(listener["enabled_events"]))
    wanted = f"v1.{type}" if is_thin else type
    return bool({"*", wanted} & set(listener["enabled_events"]))


def save_change(store: Store, type: str, obj: dict[str, Any]) -> dict[str, Any]:
    """Keep the changed object and emit `type` with what it was before, if it differs at all."""
    stored = store.get(obj["object"], obj["id"])
    before = presented(store, stored) if stored else {}
    store.put(obj)
    previous = differences(before, presented(store, obj))
    if previous:
        store.emit(type, obj, previous)
    return obj


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The earlier values of what changed; inside nested objects only their changed fields."""
    found: dict[str, Any] = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found[name] = differences(old, new)
        else:
            found[name] = old
    return dict(sorted(found.items()))
