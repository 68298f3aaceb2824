"""Changes at Stripe; every one carries the caller's idempotency key over all of its retries.

https://docs.stripe.com/api/idempotent_requests
"""

from typing import Any

from portal.settings import STRIPE_API_VERSION
from portal.stripe_gateway.client import Gateway
from portal.stripe_gateway.webhooks import SNAPSHOT_EVENTS, TEST_CLOCK_EVENTS, THIN_EVENTS


async def create_webhook_endpoint(gateway: Gateway, url: str, *, idempotency_key: str) -> str:
    """Let Stripe send snapshot events to the address; its signing secret, which is told once.

    The endpoint keeps our API version for its whole life: an upgrade needs a second one
    (https://docs.stripe.com/webhooks/versioning).
    """
    events = SNAPSHOT_EVENTS if gateway.is_live else SNAPSHOT_EVENTS + TEST_CLOCK_EVENTS
    # The SDK types versions and event types as literals, which plain texts are not.
    endpoint: Any = {
        "url": url,
        "enabled_events": list(events),
        "api_version": STRIPE_API_VERSION,
        "description": "Usage Portal",
    }
    made = await gateway.write(
        lambda client, options: client.v1.webhook_endpoints.create_async(endpoint, options),
        idempotency_key=idempotency_key,
    )
    return str(made.stripe_object["secret"])


async def create_event_destination(gateway: Gateway, url: str, *, idempotency_key: str) -> str:
    """Let Stripe send thin events to the address; its signing secret, which is told once.

    https://docs.stripe.com/api/v2/core/event-destinations/create
    """
    made = await gateway.write(
        lambda client, options: client.v2.core.event_destinations.create_async(
            {
                "name": "Usage Portal",
                "type": "webhook_endpoint",
                "event_payload": "thin",
                "enabled_events": list(THIN_EVENTS),
                "webhook_endpoint": {"url": url},
                "include": ["webhook_endpoint.signing_secret"],
            },
            options,
        ),
        idempotency_key=idempotency_key,
    )
    return str(made.stripe_object["webhook_endpoint"]["signing_secret"])
