"""Stripe objects that the sandbox's tests need, made over HTTP with Stripe's own client."""

import itertools
import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
import stripe

from tests.fixtures.sandbox import KEY, SandboxProcess

_numbers = itertools.count(1)
DEADLINE_SECONDS = 10
_PAUSE_SECONDS = 0.01
Found = TypeVar("Found")


def fresh(name: str) -> str:
    """A name that no other test has used in this run, nor another run on the same sandbox."""
    return f"{name}_{os.getpid()}_{next(_numbers)}"


def make_meter(client: stripe.StripeClient, formula: str = "sum") -> stripe.billing.Meter:
    """A meter of its own event name."""
    return client.v1.billing.meters.create(
        {
            "display_name": "API requests",
            "event_name": fresh("api_requests"),
            "default_aggregation": {"formula": formula},
        }
    )


def make_metered_price(
    client: stripe.StripeClient, meter: stripe.billing.Meter, **changes: Any
) -> stripe.Price:
    """A monthly price of $0.0125 per unit of the meter, unless changed."""
    return client.v1.prices.create(
        {
            "currency": "usd",
            "product_data": {"name": "API requests"},
            "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
            "unit_amount_decimal": "1.25",
            **changes,
        }
    )


def make_plan(client: stripe.StripeClient, unit_amount: int = 2500, **changes: Any) -> stripe.Price:
    """A monthly price with a fixed amount."""
    return client.v1.prices.create(
        {
            "currency": "usd",
            "product_data": {"name": "Build", "unit_label": "seat"},
            "recurring": {"interval": "month"},
            "unit_amount": unit_amount,
            **changes,
        }
    )


def make_customer(client: stripe.StripeClient, **changes: Any) -> stripe.Customer:
    """A customer without anything to pay with."""
    return client.v1.customers.create({"email": f"{fresh('ada')}@example.com", **changes})


def make_payer(
    client: stripe.StripeClient, card: str = "pm_card_visa", **changes: Any
) -> stripe.Customer:
    """A customer whose invoices are paid by a test card."""
    customer = make_customer(client, **changes)
    attached = client.v1.payment_methods.attach(card, {"customer": customer.id})
    default = {"invoice_settings": {"default_payment_method": attached.id}}
    return client.v1.customers.update(customer.id, default)


def send_usage(
    client: stripe.StripeClient,
    meter: stripe.billing.Meter,
    customer: stripe.Customer,
    value: str,
    **changes: Any,
) -> stripe.billing.MeterEvent:
    """One meter event."""
    payload = {"stripe_customer_id": customer.id, "value": value}
    return client.v1.billing.meter_events.create(
        {"event_name": meter.event_name, "payload": payload, **changes}
    )


def raw(sandbox: SandboxProcess, **options: Any) -> httpx.Client:
    """A plain HTTP client with a test key, for what Stripe's own client hides."""
    return httpx.Client(
        base_url=sandbox.url, auth=(KEY, ""), trust_env=False, timeout=30, **options
    )


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds, once it finds something that is true; fails after the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(_PAUSE_SECONDS)
    raise AssertionError(f"waited {DEADLINE_SECONDS} s in vain for {what}")
