"""Usage as it is reported, one event a call: https://docs.stripe.com/api/billing/meter-event.

The v2 form says the same in JSON: https://docs.stripe.com/api/v2/billing/meter-events.
"""

from typing import Any

from portal.sandbox.billing.meter_events import metered
from portal.sandbox.routes import Call, Routes
from portal.sandbox.thin_events import from_rfc3339, rfc3339

StripeObject = dict[str, Any]
routes = Routes()
_ACTS_ON = "event_name identifier payload timestamp"


@routes.post("/v1/billing/meter_events", "billing.MeterEventCreateParams", _ACTS_ON)
def create_meter_event(call: Call) -> StripeObject:
    """Take in one event; it counts once the meter's lag is over.

    Stripe takes one call at a time for each customer and meter, when its limits are on.
    """
    if call.enter_alone is not None:
        call.enter_alone(metered(call.store, call.params))
    return call.ledger.record(call.params)


@routes.post("/v2/billing/meter_events", "v2.billing.MeterEventCreateParams", _ACTS_ON)
def create_v2_meter_event(call: Call) -> StripeObject:
    """Take in one event that is written in JSON."""
    event = call.ledger.record(with_epoch(call.params, "timestamp"))
    return event | {
        "object": "v2.billing.meter_event",
        "created": rfc3339(event["created"]),
        "timestamp": rfc3339(event["timestamp"]),
    }


def with_epoch(event: StripeObject, param: str) -> StripeObject:
    """A v2 event with its time in seconds, as v1 writes it; `param` names the time in refusals."""
    if "timestamp" not in event:
        return event
    return event | {"timestamp": from_rfc3339(event["timestamp"], param)}
