"""Taking back a reported event: https://docs.stripe.com/api/billing/meter-event-adjustment."""

from typing import Any

from portal.sandbox.billing.meter_events import KIND
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes
from portal.sandbox.thin_events import rfc3339

StripeObject = dict[str, Any]
routes = Routes()
_ACTS_ON = "cancel.identifier event_name type"
_PARAM = "cancel[identifier]"
_WITHIN_SECONDS = 24 * 3600


@routes.post(
    "/v1/billing/meter_event_adjustments", "billing.MeterEventAdjustmentCreateParams", _ACTS_ON
)
def create_adjustment(call: Call) -> StripeObject:
    """Cancel an event that was received within the last day; drafts and summaries follow."""
    return {
        "object": "billing.meter_event_adjustment",
        "cancel": {"identifier": call.params.get("cancel", {}).get("identifier")},
        "event_name": call.params["event_name"],
        "livemode": False,
        "status": _cancel(call),
        "type": "cancel",
    }


@routes.post(
    "/v2/billing/meter_event_adjustments", "v2.billing.MeterEventAdjustmentCreateParams", _ACTS_ON
)
def create_v2_adjustment(call: Call) -> StripeObject:
    """The same, written in JSON."""
    return {
        "id": call.store.new_id("mtr_event_adj_test"),
        **create_adjustment(call),
        "object": "v2.billing.meter_event_adjustment",
        "created": rfc3339(call.store.now()),
    }


def _cancel(call: Call) -> str:
    identifier = call.params.get("cancel", {}).get("identifier")
    if not identifier:
        raise Refused(f"Missing required param: {_PARAM}.", code="parameter_missing", param=_PARAM)
    event = call.store.look(KIND, identifier) or {}
    meter = call.store.look("billing.meter", event.get("_meter", "")) or {}
    if meter.get("event_name") != call.params["event_name"]:
        raise Refused(f"No such meter event: '{identifier}'", code="resource_missing", param=_PARAM)
    if event["_received"] <= call.store.now() - _WITHIN_SECONDS:
        raise Refused(
            "Meter events can only be canceled within 24 hours of being received.", param=_PARAM
        )
    if "_canceled" in event:
        raise Refused(f"The meter event '{identifier}' is already canceled.", param=_PARAM)
    return "complete" if call.ledger.cancel(identifier) else "pending"
