"""The meter event: what it must say, and the compact form in which it is kept.

https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
KIND = "billing.meter_event"
# https://docs.stripe.com/api/billing/meter-event/create
_PAST = int(timedelta(days=35).total_seconds())
_AHEAD = int(timedelta(minutes=5).total_seconds())
_LONGEST_IDENTIFIER = 100
_MOST_DECIMALS = 12
# https://docs.stripe.com/changelog/dahlia/2026-04-22/billing-meter-event-values-validation
_MOST_DIGITS = 15
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST_ECHO = 100


class Unusable(Refused):
    """An event that cannot be counted; `meter` is the one that it was meant for, if there is one.

    Its code is the one that Stripe's error reports use.
    """

    def __init__(self, message: str, code: str, param: str, meter: str | None = None) -> None:
        super().__init__(message, code=code, param=param)
        self.code = code
        self.meter = meter


def check_identifier(store: Store, identifier: str) -> None:
    """Refuse an identifier that is too long, or that an event has had in the last day."""
    if len(identifier) > _LONGEST_IDENTIFIER:
        raise Refused(
            f"Identifiers can be at most {_LONGEST_IDENTIFIER} characters.",
            code="parameter_invalid_string",
            param="identifier",
        )
    if store.look(KIND, identifier) is not None:
        raise Refused(f"An event already exists with identifier {identifier}.", param="identifier")


def meter_event(store: Store, asked: Mapping[str, Any], identifier: str) -> StripeObject:
    """The event in the form in which it is kept; raises Unusable when it cannot be counted.

    Of the many events of a meter and a customer each keeps only what is its own.
    """
    meter = _active_meter(store, asked["event_name"])
    id = _customer_named(meter, asked["payload"])
    value = _value(meter, asked["payload"])
    customer = store.look("customer", id)
    is_there = customer is not None and not customer.get("deleted")
    received = store.now()
    on_clock = customer is not None and customer.get("test_clock")
    now = store.now({"test_clock": on_clock}) if on_clock else received
    timestamp = int(asked.get("timestamp", now))
    _check_bounds(timestamp, now, meter["id"])
    if customer is None or not is_there:
        raise Unusable(
            f"No such customer: '{id[:_LONGEST_ECHO]}'",
            "meter_event_customer_not_found",
            _param(meter, "customer_mapping"),
            meter["id"],
        )
    return {
        "object": KIND,
        "identifier": identifier,
        "created": now,
        "timestamp": timestamp,
        "_received": received,
        "_meter": meter["id"],
        "_owner": customer["id"],
        "_value": str(value),
    }


def metered(store: Store, asked: Mapping[str, Any]) -> tuple[str, str]:
    """The meter that an event is for, and the customer."""
    try:
        meter = _active_meter(store, asked["event_name"])
    except Unusable as failure:
        raise refusal(failure, asked["event_name"]) from None
    return meter["id"], _customer_named(meter, asked["payload"])


def refusal(failure: Unusable, event_name: str) -> Refused:
    """What a call is told that is checked at once."""
    if failure.code not in ("no_meter", "archived_meter"):
        return failure
    return Refused(
        f'No active meter found for event name "{event_name[:_LONGEST_ECHO]}".',
        code="resource_missing",
        param="event_name",
    )


def _active_meter(store: Store, event_name: str) -> Mapping[str, Any]:
    stopped = None
    for meter in store.look_each("billing.meter", event_name=event_name):
        if meter["status"] == "active":
            return meter
        stopped = meter["id"]
    name = event_name[:_LONGEST_ECHO]
    if stopped is not None:
        raise Unusable(
            f"The meter matching event_name {name} is inactive.",
            "archived_meter",
            "event_name",
            stopped,
        )
    raise Unusable(f"No meter was found matching event_name {name}.", "no_meter", "event_name")


def _customer_named(meter: Mapping[str, Any], payload: Mapping[str, str]) -> str:
    """Whose usage the event is, by the meter's customer mapping."""
    key = meter["customer_mapping"]["event_payload_key"]
    customer = payload.get(key)
    if not customer:
        raise Unusable(
            f"Customer mapping key {key} not found in payload.",
            "meter_event_no_customer_defined",
            "payload",
            meter["id"],
        )
    return customer


def _value(meter: Mapping[str, Any], payload: Mapping[str, str]) -> Decimal:
    """The event's value by the meter's value settings; a meter that counts needs none."""
    if meter["default_aggregation"]["formula"] == "count":
        return Decimal(1)
    key = meter["value_settings"]["event_payload_key"]
    text = payload.get(key)
    if text is None:
        raise Unusable(
            f"Value key {key} not found in payload.",
            "meter_event_value_not_found",
            "payload",
            meter["id"],
        )
    if _NUMBER.fullmatch(text) is None:
        raise Unusable(
            f"Invalid value: '{text[:_LONGEST_ECHO]}' is not a number.",
            "meter_event_invalid_value",
            _param(meter, "value_settings"),
            meter["id"],
        )
    # Nothing is nothing, however many digits it is written with.
    value = Decimal(text) or Decimal(0)
    if not _has_usual_size(value):
        raise Unusable(
            f"The value in the event payload can have at most {_MOST_DIGITS} digits. "
            f"Received {text[:_LONGEST_ECHO]}.",
            "meter_event_value_too_many_digits",
            _param(meter, "value_settings"),
            meter["id"],
        )
    return value


def _has_usual_size(value: Decimal) -> bool:
    """Whether it has no more digits than Stripe takes, before the point, after it and in all."""
    digits, exponent = value.normalize().as_tuple()[1:]
    return (
        len(digits) <= _MOST_DIGITS
        and value.adjusted() < _MOST_DIGITS
        and -int(exponent) <= _MOST_DECIMALS
    )


def _check_bounds(timestamp: int, now: int, meter: str) -> None:
    earliest, latest = now - _PAST, now + _AHEAD
    if timestamp < earliest:
        raise Unusable(
            "The event timestamp cannot be more than 35 days in past. Expected a timestamp "
            f"greater than or equal to {earliest}.",
            "timestamp_too_far_in_past",
            "timestamp",
            meter,
        )
    if timestamp > latest:
        raise Unusable(
            "The event timestamp cannot be more than 5 minutes in the future. Expected a "
            f"timestamp less than or equal to {latest}.",
            "timestamp_in_future",
            "timestamp",
            meter,
        )


def _param(meter: Mapping[str, Any], setting: str) -> str:
    return f"payload[{meter[setting]['event_payload_key']}]"
