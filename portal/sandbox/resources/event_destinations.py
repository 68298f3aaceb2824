"""Event destinations of the v2 API: https://docs.stripe.com/api/v2/core/event-destinations.

Of their types only webhook endpoints exist here.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.webhook_endpoints import check_url, new_secret
from portal.sandbox.routes import Call, Routes
from portal.sandbox.thin_events import rfc3339

StripeObject = dict[str, Any]
routes = Routes()
_KIND = "v2.core.event_destination"


@routes.post(
    "/v2/core/event_destinations",
    "v2.core.EventDestinationCreateParams",
    "description enabled_events event_payload include metadata name snapshot_api_version type "
    "webhook_endpoint",
)
def create_event_destination(call: Call) -> StripeObject:
    """Make a destination; its secret is told once, when `include` asks for it."""
    store, params = call.store, call.params
    url = params.get("webhook_endpoint", {}).get("url", "")
    if params["type"] != "webhook_endpoint":
        raise NotSupported("This sandbox has webhook endpoint destinations only.", param="type")
    check_url(url, "webhook_endpoint.url")
    if not params["enabled_events"]:
        raise Refused("enabled_events cannot be empty.", param="enabled_events")
    now = rfc3339(store.now())
    destination = {
        "id": store.new_id("ed_test"),
        "object": _KIND,
        "amazon_eventbridge": None,
        "azure_event_grid": None,
        "created": now,
        "description": params.get("description", ""),
        "enabled_events": params["enabled_events"],
        "event_payload": params["event_payload"],
        "events_from": ["@self"],
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "name": params["name"],
        "snapshot_api_version": params.get("snapshot_api_version"),
        "status": "enabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": now,
        "_secret": new_secret(),
        "_url": url,
    }
    store.put(destination)
    return _shown(call, destination)


@routes.get("/v2/core/event_destinations", "v2.core.EventDestinationListParams", "include")
def list_event_destinations(call: Call) -> Listing:
    """Destinations, newest first."""
    found = (_shown(call, one) for one in call.store.each(_KIND))
    return Listing(found, _KIND)


@routes.get("/v2/core/event_destinations/{id}", "v2.core.EventDestinationRetrieveParams", "include")
def retrieve_event_destination(call: Call, id: str) -> StripeObject:
    """The destination; its URL only when `include` asks for it."""
    return _shown(call, lookup.get(call.store, _KIND, id))


@routes.delete("/v2/core/event_destinations/{id}", "v2.core.EventDestinationDeleteParams")
def delete_event_destination(call: Call, id: str) -> StripeObject:
    """Take the destination away; what is still to be delivered to it is dropped."""
    lookup.get(call.store, _KIND, id)
    call.store.delete(_KIND, id)
    return {"id": id, "object": _KIND, "deleted": True}


def _shown(call: Call, destination: StripeObject) -> StripeObject:
    included = call.params.get("include", [])
    secret = "webhook_endpoint.signing_secret" in included
    webhook_endpoint = {
        "signing_secret": destination["_secret"] if secret else None,
        "url": destination["_url"] if "webhook_endpoint.url" in included else None,
    }
    return {**destination, "webhook_endpoint": webhook_endpoint}
