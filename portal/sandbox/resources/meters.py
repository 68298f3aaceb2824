"""Billing meters and their event summaries: https://docs.stripe.com/api/billing/meter."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.fields import check_not_emptied
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_LONGEST_EVENT_NAME = 100
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_ALIGNMENT = {None: (_MINUTE, "minute"), "hour": (_HOUR, "hour"), "day": (_DAY, "day (UTC)")}


@routes.post(
    "/v1/billing/meters",
    "billing.MeterCreateParams",
    "customer_mapping default_aggregation display_name event_name event_time_window value_settings",
)
def create_meter(call: Call) -> StripeObject:
    """Make a meter; one active meter per event name."""
    store, params = call.store, call.params
    check_not_emptied(params, "display_name", "event_name")
    _check_event_name(store, params["event_name"])
    mapping, now = params.get("customer_mapping", {}), store.now()
    meter = {
        "id": store.new_id("mtr_test"),
        "object": "billing.meter",
        "created": now,
        "customer_mapping": {
            "event_payload_key": mapping.get("event_payload_key", "stripe_customer_id"),
            "type": "by_id",
        },
        "default_aggregation": {"formula": params["default_aggregation"]["formula"]},
        "display_name": params["display_name"],
        "event_name": params["event_name"],
        "event_time_window": params.get("event_time_window"),
        "livemode": False,
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": now,
        "value_settings": {
            "event_payload_key": params.get("value_settings", {}).get("event_payload_key", "value")
        },
    }
    store.put(meter)
    store.emit("billing.meter.created", meter)
    return meter


@routes.get("/v1/billing/meters", "billing.MeterListParams", "status")
def list_meters(call: Call) -> Listing:
    """Meters, newest first."""
    exact = {"status": call.params["status"]} if "status" in call.params else {}
    return Listing(call.store.each("billing.meter", **exact), "billing.meter")


@routes.get("/v1/billing/meters/{id}", "billing.MeterRetrieveParams")
def retrieve_meter(call: Call, id: str) -> StripeObject:
    """The meter."""
    return lookup.get(call.store, "billing.meter", id)


@routes.post("/v1/billing/meters/{id}", "billing.MeterUpdateParams", "display_name")
def update_meter(call: Call, id: str) -> StripeObject:
    """Change the display name, the only thing that may change."""
    meter = lookup.get(call.store, "billing.meter", id)
    check_not_emptied(call.params, "display_name")
    wanted = call.params.get("display_name", meter["display_name"])
    return _changed(call.store, meter | {"display_name": wanted}, "updated")


@routes.post("/v1/billing/meters/{id}/deactivate", "billing.MeterDeactivateParams")
def deactivate_meter(call: Call, id: str) -> StripeObject:
    """Stop taking events and being put on prices."""
    meter = lookup.get(call.store, "billing.meter", id)
    if meter["status"] == "inactive":
        raise Refused("The meter is already inactive.")
    transitions = {"deactivated_at": call.store.now()}
    stopped = meter | {"status": "inactive", "status_transitions": transitions}
    return _changed(call.store, stopped, "deactivated")


@routes.post("/v1/billing/meters/{id}/reactivate", "billing.MeterReactivateParams")
def reactivate_meter(call: Call, id: str) -> StripeObject:
    """Take events again."""
    meter = lookup.get(call.store, "billing.meter", id)
    if meter["status"] == "active":
        raise Refused("The meter is already active.")
    _check_event_name(call.store, meter["event_name"])
    started = meter | {"status": "active", "status_transitions": {"deactivated_at": None}}
    return _changed(call.store, started, "reactivated")


@routes.get(
    "/v1/billing/meters/{id}/event_summaries",
    "billing.MeterListEventSummariesParams",
    "customer end_time start_time value_grouping_window",
)
def list_event_summaries(call: Call, id: str) -> Listing:
    """A customer's usage by hour, by day or in one sum; the bounds must be aligned to it."""
    meter = lookup.get(call.store, "billing.meter", id)
    asked = call.params
    lookup.named(call.store, "customer", asked["customer"], "customer")
    window, start, end = asked.get("value_grouping_window"), asked["start_time"], asked["end_time"]
    step, word = _ALIGNMENT[window]
    for name in ("start_time", "end_time"):
        if asked[name] % step:
            raise Refused(f"The {name} must be aligned with the start of a {word}.", param=name)
    if start >= end:
        raise Refused("The start_time must be before the end_time.", param="start_time")
    found = call.ledger.summaries(meter, asked["customer"], start, end, window)
    return Listing(found, "billing.meter_event_summary")


def _changed(store: Store, meter: StripeObject, verb: str) -> StripeObject:
    meter["updated"] = store.now()
    return save_change(store, f"billing.meter.{verb}", meter)


def _check_event_name(store: Store, event_name: str) -> None:
    if len(event_name) > _LONGEST_EVENT_NAME:
        raise Refused(
            f"Event names can be at most {_LONGEST_EVENT_NAME} characters.", param="event_name"
        )
    if store.every("billing.meter", event_name=event_name, status="active"):
        raise Refused(
            f"There is already an active meter with the event name '{event_name}'.",
            code="resource_already_exists",
            param="event_name",
        )
