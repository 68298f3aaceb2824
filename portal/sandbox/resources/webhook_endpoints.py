"""Webhook endpoints: https://docs.stripe.com/api/webhook_endpoints. The secret is told once."""

import re
from typing import Any
from urllib.parse import urlsplit

from portal.sandbox import lookup
from portal.sandbox.events import API_VERSION
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.routes import Call, Routes
from portal.sandbox.signing import new_secret

StripeObject = dict[str, Any]
routes = Routes()
_CHANGEABLE = "description enabled_events metadata url"
# https://docs.stripe.com/webhooks allows sixteen per account.
_MOST = 16


@routes.post("/v1/webhook_endpoints", "WebhookEndpointCreateParams", f"{_CHANGEABLE} api_version")
def create_webhook_endpoint(call: Call) -> StripeObject:
    """Make an endpoint; only this answer holds its secret."""
    store = call.store
    if len(store.every("webhook_endpoint")) >= _MOST:
        raise Refused(f"You have reached the maximum of {_MOST} test webhook endpoints.")
    check_version(call.params.get("api_version"), "api_version")
    endpoint: StripeObject = {
        "id": store.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": call.params.get("api_version"),
        "application": None,
        "created": store.now(),
        "description": None,
        "enabled_events": [],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": "",
        "_secret": new_secret(),
    }
    _apply(endpoint, call.params)
    store.put(endpoint)
    return {**endpoint, "secret": endpoint["_secret"]}


@routes.get("/v1/webhook_endpoints", "WebhookEndpointListParams")
def list_webhook_endpoints(call: Call) -> Listing:
    """Endpoints, newest first."""
    return Listing(call.store.each("webhook_endpoint"), "webhook_endpoint")


@routes.get("/v1/webhook_endpoints/{id}", "WebhookEndpointRetrieveParams")
def retrieve_webhook_endpoint(call: Call, id: str) -> StripeObject:
    """The endpoint without its secret."""
    return lookup.get(call.store, "webhook_endpoint", id)


@routes.post("/v1/webhook_endpoints/{id}", "WebhookEndpointUpdateParams", f"{_CHANGEABLE} disabled")
def update_webhook_endpoint(call: Call, id: str) -> StripeObject:
    """Change what the request names; a disabled endpoint gets nothing."""
    endpoint = lookup.get(call.store, "webhook_endpoint", id)
    _apply(endpoint, call.params)
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    return call.store.put(endpoint)


@routes.delete("/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams")
def delete_webhook_endpoint(call: Call, id: str) -> StripeObject:
    """Take the endpoint away; what is still to be delivered to it is dropped."""
    lookup.get(call.store, "webhook_endpoint", id)
    call.store.delete("webhook_endpoint", id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


def check_version(version: str | None, param: str) -> None:
    """Refuse a version in which the events would not be rendered."""
    if version not in (None, API_VERSION):
        raise NotSupported(
            f"This sandbox renders events in the version {API_VERSION} only.", param=param
        )


def check_url(url: str, param: str) -> None:
    """Refuse what nothing could be delivered to."""
    if not _can_be_reached(url):
        raise Refused(
            "Invalid URL: a host and an explicit scheme (such as https) must be provided.",
            code="url_invalid",
            param=param,
        )


def _can_be_reached(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # A port that is no number, or too large a one, is found out when it is read.
        is_complete = bool(parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:
        return False
    return is_complete and not re.search(r"[\x00-\x20\x7f]", url)


def _apply(endpoint: StripeObject, params: StripeObject) -> None:
    if "url" in params:
        check_url(params["url"], "url")
    endpoint.update(given(params, ("description", "enabled_events", "url")))
    if not endpoint["enabled_events"]:
        raise Refused("enabled_events cannot be empty.", param="enabled_events")
    if "metadata" in params:
        endpoint["metadata"] = merged_metadata(endpoint["metadata"], params["metadata"])
