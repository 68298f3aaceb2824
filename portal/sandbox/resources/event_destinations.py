"""Event destinations of the v2 API: https://docs.stripe.com/api/v2/core/event-destinations.

Of their types only webhook endpoints exist here.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import API_VERSION
from portal.sandbox.fields import merged_metadata
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.webhook_endpoints import check_url, check_version
from portal.sandbox.routes import Call, Routes
from portal.sandbox.signing import new_secret
from portal.sandbox.thin_events import keep_thin, rfc3339, thin_event

StripeObject = dict[str, Any]
routes = Routes()
_KIND = "v2.core.event_destination"
_PATH = "/v2/core/event_destinations"


@routes.post(
    _PATH,
    "v2.core.EventDestinationCreateParams",
    "description enabled_events event_payload include metadata name snapshot_api_version type "
    "webhook_endpoint",
)
def create_event_destination(call: Call) -> StripeObject:
    """Make a destination; its secret is told once, when `include` asks for it."""
    store, params = call.store, call.params
    _check(params)
    is_snapshot = params["event_payload"] == "snapshot"
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
        "metadata": merged_metadata({}, params.get("metadata")),
        "name": params["name"],
        "snapshot_api_version": API_VERSION if is_snapshot else None,
        "status": "enabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": now,
        "_secret": new_secret(),
        "_url": params["webhook_endpoint"]["url"],
    }
    store.put(destination)
    return _shown(call, destination)


@routes.get(_PATH, "v2.core.EventDestinationListParams", "include")
def list_event_destinations(call: Call) -> Listing:
    """Destinations, newest first."""
    found = (_shown(call, one) for one in call.store.each(_KIND))
    return Listing(found, _KIND)


@routes.get(f"{_PATH}/{{id}}", "v2.core.EventDestinationRetrieveParams", "include")
def retrieve_event_destination(call: Call, id: str) -> StripeObject:
    """The destination; its URL only when `include` asks for it."""
    return _shown(call, lookup.get(call.store, _KIND, id))


@routes.post(
    f"{_PATH}/{{id}}",
    "v2.core.EventDestinationUpdateParams",
    "description enabled_events include metadata name webhook_endpoint",
)
def update_event_destination(call: Call, id: str) -> StripeObject:
    """Change what the request names; what it delivers to whom, and in which form, stays."""
    destination, params = lookup.get(call.store, _KIND, id), call.params
    names = ("description", "enabled_events", "name")
    destination |= {name: params[name] for name in names if name in params}
    if "webhook_endpoint" in params:
        check_url(params["webhook_endpoint"]["url"], "webhook_endpoint.url")
        destination["_url"] = params["webhook_endpoint"]["url"]
    if not destination["enabled_events"]:
        raise Refused("enabled_events cannot be empty.", param="enabled_events")
    if "metadata" in params:
        # https://docs.stripe.com/api-v2-overview: a key is taken away by null, not by no text.
        asked = {key: value or "" for key, value in params["metadata"].items()}
        destination["metadata"] = merged_metadata(destination["metadata"], asked)
    return _shown(call, _kept(call, destination))


@routes.post(f"{_PATH}/{{id}}/disable", "v2.core.EventDestinationDisableParams")
def disable_event_destination(call: Call, id: str) -> StripeObject:
    """Deliver nothing to it any more."""
    stopped = {"status": "disabled", "status_details": {"disabled": {"reason": "user"}}}
    return _shown(call, _kept(call, lookup.get(call.store, _KIND, id) | stopped))


@routes.post(f"{_PATH}/{{id}}/enable", "v2.core.EventDestinationEnableParams")
def enable_event_destination(call: Call, id: str) -> StripeObject:
    """Deliver to it again what happens from now on."""
    going_on = {"status": "enabled", "status_details": None}
    return _shown(call, _kept(call, lookup.get(call.store, _KIND, id) | going_on))


@routes.post(f"{_PATH}/{{id}}/ping", "v2.core.EventDestinationPingParams")
def ping_event_destination(call: Call, id: str) -> StripeObject:
    """Send it, and nobody else, a thin event that tells of nothing but itself."""
    destination = lookup.get(call.store, _KIND, id)
    return thin_event(keep_thin(call.store, f"{_KIND}.ping", destination, None, only_for=id))


@routes.delete(f"{_PATH}/{{id}}", "v2.core.EventDestinationDeleteParams")
def delete_event_destination(call: Call, id: str) -> StripeObject:
    """Take the destination away; what is still to be delivered to it is dropped."""
    lookup.get(call.store, _KIND, id)
    call.store.delete(_KIND, id)
    return {"id": id, "object": _KIND, "deleted": True}


def _check(params: StripeObject) -> None:
    if params["type"] != "webhook_endpoint":
        raise NotSupported("This sandbox has webhook endpoint destinations only.", param="type")
    check_url(params.get("webhook_endpoint", {}).get("url", ""), "webhook_endpoint.url")
    if not params["enabled_events"]:
        raise Refused("enabled_events cannot be empty.", param="enabled_events")
    version = params.get("snapshot_api_version")
    if version is not None and params["event_payload"] == "thin":
        raise Refused("Thin events have no API version.", param="snapshot_api_version")
    check_version(version, "snapshot_api_version")


def _kept(call: Call, destination: StripeObject) -> StripeObject:
    return call.store.put(destination | {"updated": rfc3339(call.store.now())})


def _shown(call: Call, destination: StripeObject) -> StripeObject:
    included = call.params.get("include", [])
    secret = "webhook_endpoint.signing_secret" in included
    webhook_endpoint = {
        "signing_secret": destination["_secret"] if secret else None,
        "url": destination["_url"] if "webhook_endpoint.url" in included else None,
    }
    return {**destination, "webhook_endpoint": webhook_endpoint}
