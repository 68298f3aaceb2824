"""Events with their objects as they were: https://docs.stripe.com/api/events."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import KEPT_SECONDS
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_MOST_TYPES = 20


@routes.get("/v1/events", "EventListParams", "created delivery_success type types")
def list_events(call: Call) -> Listing:
    """The events of the last 30 days, newest first; a type may end in `.*`."""
    asked = call.params
    if "type" in asked and "types" in asked:
        raise Refused("You may only specify one of these parameters: type, types.", param="types")
    types = asked.get("types") or ([asked["type"]] if "type" in asked else ["*"])
    if len(types) > _MOST_TYPES:
        raise Refused(f"At most {_MOST_TYPES} types can be asked for.", param="types")
    oldest, delivered = call.store.now() - KEPT_SECONDS, asked.get("delivery_success")
    found = (
        event
        for event in call.store.each("event")
        if any(_matches(event["type"], wanted) for wanted in types)
        and within(asked.get("created"), event["created"])
        and event["_emitted_at"] > oldest
        and delivered in (None, event["pending_webhooks"] == 0)
    )
    return Listing(found, "event")


@routes.get("/v1/events/{id}", "EventRetrieveParams")
def retrieve_event(call: Call, id: str) -> StripeObject:
    """The event with its object as it was."""
    return lookup.get(call.store, "event", id)


def _matches(type: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return type.startswith(wanted.removesuffix("*"))
    return type == wanted
