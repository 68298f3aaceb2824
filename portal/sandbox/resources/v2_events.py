"""Events in their thin form: https://docs.stripe.com/api/v2/core/events.

Most of them tell of a v1 event; those about lost usage have no other form.
"""

from heapq import merge
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import KEPT_SECONDS
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes
from portal.sandbox.thin_events import KIND, from_rfc3339, snapshot_id, thin_event

StripeObject = dict[str, Any]
routes = Routes()
_MOST_TYPES = 20


@routes.get("/v2/core/events", "v2.core.EventListParams", "created object_id types")
def list_thin_events(call: Call) -> Listing:
    """The events of the last 30 days, newest first."""
    store, asked = call.store, call.params
    types = asked.get("types", [])
    if len(types) > _MOST_TYPES:
        raise Refused(f"At most {_MOST_TYPES} types can be asked for.", param="types")
    created = {
        bound: from_rfc3339(text, f"created[{bound}]")
        for bound, text in asked.get("created", {}).items()
    }
    oldest = store.now() - KEPT_SECONDS
    both = merge(store.each("event"), store.each(KIND), key=_emitted_at, reverse=True)
    found = (
        thin_event(event)
        for event in both
        if event["_emitted_at"] > oldest and within(created or None, _created(event))
    )
    wanted = (
        event
        for event in found
        if (not types or event["type"] in types)
        and asked.get("object_id") in (None, (event["related_object"] or {}).get("id"))
    )
    return Listing(wanted, "event")


@routes.get("/v2/core/events/{id}", "v2.core.EventRetrieveParams")
def retrieve_thin_event(call: Call, id: str) -> StripeObject:
    """The event with everything that its delivery left out."""
    found = call.store.get(KIND, id) or call.store.get("event", snapshot_id(id))
    if found is None:
        raise lookup.no_such("event", id)
    return thin_event(found)


def _emitted_at(event: StripeObject) -> int:
    return int(event["_emitted_at"])


def _created(event: StripeObject) -> int:
    created = event["created"]
    return from_rfc3339(created, "created") if isinstance(created, str) else int(created)
