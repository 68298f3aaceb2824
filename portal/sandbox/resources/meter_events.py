"""Usage as it is reported: https://docs.stripe.com/api/billing/meter-event."""

from typing import Any

from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()


@routes.post(
    "/v1/billing/meter_events",
    "billing.MeterEventCreateParams",
    "event_name identifier payload timestamp",
)
def create_meter_event(call: Call) -> StripeObject:
    """Take in one event; it counts once the meter's lag is over."""
    return call.ledger.record(call.params)
