"""The v1 meter event: what it must say, and the object that is kept of it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from portal.clock import from_epoch, to_epoch
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# https://docs.stripe.com/api/billing/meter-event/create
_PAST = timedelta(days=35)
_AHEAD = timedelta(minutes=5)
_LONGEST_IDENTIFIER = 100
_MOST_DECIMALS = 12
# Our own bound; Stripe's is not documented.
_MOST_DIGITS = 15
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def meter_event(store: Store, params: StripeObject, identifier: str) -> StripeObject:
    """The event as it is kept; raises Refused where Stripe would say no at once."""
    if len(identifier) > _LONGEST_IDENTIFIER:
        raise Refused(
            f"Identifiers can be at most {_LONGEST_IDENTIFIER} characters.",
            code="parameter_invalid_string",
            param="identifier",
        )
    if store.look("billing.meter_event", identifier) is not None:
        raise Refused(f"An event already exists with identifier {identifier}.", param="identifier")
    meter = _active_meter(store, params["event_name"])
    customer = metered_customer(meter, params)
    known = store.look("customer", customer)
    if known is None or known.get("deleted"):
        key = meter["customer_mapping"]["event_payload_key"]
        raise Refused(
            f"No such customer: '{customer}'", code="resource_missing", param=f"payload[{key}]"
        )
    event_value(meter, params)
    now = store.now({"test_clock": known.get("test_clock")})
    timestamp = int(params.get("timestamp", now))
    _check_bounds(timestamp, now)
    return {
        "object": "billing.meter_event",
        "created": now,
        "event_name": params["event_name"],
        "identifier": identifier,
        "livemode": False,
        "payload": dict(params["payload"]),
        "timestamp": timestamp,
        "_meter": meter["id"],
    }


def metered_customer(meter: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Whose usage the event is, by the meter's customer mapping."""
    key = meter["customer_mapping"]["event_payload_key"]
    customer = event["payload"].get(key)
    if not customer:
        raise Refused(
            f"The payload must have a customer under the key {key}.",
            code="meter_event_no_customer_defined",
            param="payload",
        )
    return str(customer)


def event_value(meter: Mapping[str, Any], event: Mapping[str, Any]) -> Decimal:
    """The event's value by the meter's value settings; a meter that counts needs none."""
    if meter["default_aggregation"]["formula"] == "count":
        return Decimal(1)
    key = meter["value_settings"]["event_payload_key"]
    text = event["payload"].get(key)
    if text is None:
        raise Refused(
            f"The payload must have a value under the key {key}.",
            code="meter_event_value_not_found",
            param="payload",
        )
    return _number(str(text), f"payload[{key}]")


def _number(text: str, param: str) -> Decimal:
    if _NUMBER.fullmatch(text) is None:
        raise Refused(
            f"Invalid value: '{text}' is not a number.",
            code="meter_event_invalid_value",
            param=param,
        )
    value = Decimal(text)
    if value.adjusted() >= _MOST_DIGITS or -int(value.as_tuple().exponent) > _MOST_DECIMALS:
        raise Refused(
            f"The value may have at most {_MOST_DIGITS} digits and {_MOST_DECIMALS} decimals.",
            code="meter_event_value_too_many_digits",
            param=param,
        )
    return value


def _active_meter(store: Store, event_name: str) -> StripeObject:
    for meter in store.each("billing.meter", event_name=event_name, status="active"):
        return meter
    raise Refused(
        f'No active meter found for event name "{event_name}".',
        code="resource_missing",
        param="event_name",
    )


def _check_bounds(timestamp: int, now: int) -> None:
    earliest = to_epoch(from_epoch(now) - _PAST)
    latest = to_epoch(from_epoch(now) + _AHEAD)
    if timestamp < earliest:
        raise Refused(
            "The event timestamp cannot be more than 35 days in past. Expected a timestamp "
            f"greater than or equal to {earliest}.",
            code="timestamp_too_far_in_past",
            param="timestamp",
        )
    if timestamp > latest:
        raise Refused(
            "The event timestamp cannot be more than 5 minutes in the future. Expected a "
            f"timestamp less than or equal to {latest}.",
            code="timestamp_in_future",
            param="timestamp",
        )
