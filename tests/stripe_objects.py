"""Stripe's objects as they come over the wire, ordinary in all that a test does not name.

The shapes are those of the API reference (https://docs.stripe.com/api) at the pinned version.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

StripeObject = dict[str, Any]

NOVEMBER = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
DECEMBER = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())


def stripe_list(data: Sequence[StripeObject], *, has_more: bool = False) -> StripeObject:
    return {"object": "list", "data": list(data), "has_more": has_more, "url": "/v1/things"}


def customer(id: str = "cus_1", **changes: Any) -> StripeObject:
    return {
        "id": id,
        "object": "customer",
        "balance": 0,
        "created": NOVEMBER,
        "currency": "usd",
        "email": "billing@acme.example",
        "invoice_settings": {"default_payment_method": None, "footer": None},
        "livemode": False,
        "metadata": {},
        "name": "Acme Robotics",
        "test_clock": None,
        **changes,
    }


def product(id: str = "prod_1", **changes: Any) -> StripeObject:
    return {
        "id": id,
        "object": "product",
        "active": True,
        "created": NOVEMBER,
        "description": None,
        "metadata": {},
        "name": "API requests",
        "unit_label": "requests",
        **changes,
    }


def meter(id: str = "mtr_1", *, formula: str = "sum", **changes: Any) -> StripeObject:
    return {
        "id": id,
        "object": "billing.meter",
        "created": NOVEMBER,
        "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        "default_aggregation": {"formula": formula},
        "display_name": "API requests",
        "event_name": "api_requests",
        "event_time_window": None,
        "status": "active",
        "value_settings": {"event_payload_key": "value"},
        **changes,
    }


def clock(id: str = "clock_1", *, frozen_time: int = NOVEMBER, **changes: Any) -> StripeObject:
    return {
        "id": id,
        "object": "test_helpers.test_clock",
        "created": NOVEMBER,
        "frozen_time": frozen_time,
        "name": None,
        "status": "ready",
        **changes,
    }


def price(id: str = "price_1", *, meter: str | None = None, **changes: Any) -> StripeObject:
    return {
        "id": id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": NOVEMBER,
        "currency": "usd",
        "lookup_key": None,
        "nickname": None,
        "product": "prod_1",
        "recurring": {
            "interval": "month",
            "interval_count": 1,
            "meter": meter,
            "usage_type": "metered" if meter else "licensed",
        },
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": 2500,
        "unit_amount_decimal": "2500",
        **changes,
    }


def subscription_item(
    id: str = "si_1", *, price: StripeObject, subscription: str = "sub_1", **changes: Any
) -> StripeObject:
    return {
        "id": id,
        "object": "subscription_item",
        "created": NOVEMBER,
        "current_period_start": NOVEMBER,
        "current_period_end": DECEMBER,
        "price": price,
        "quantity": 1,
        "subscription": subscription,
        **changes,
    }


def subscription(
    id: str = "sub_1", *, items: Sequence[StripeObject] | None = None, **changes: Any
) -> StripeObject:
    shown = [subscription_item(price=price(), subscription=id)] if items is None else items
    return {
        "id": id,
        "object": "subscription",
        "billing_cycle_anchor": NOVEMBER,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "collection_method": "charge_automatically",
        "created": NOVEMBER,
        "currency": "usd",
        "customer": "cus_1",
        "default_payment_method": None,
        "ended_at": None,
        "items": stripe_list(shown),
        "start_date": NOVEMBER,
        "status": "active",
        "test_clock": None,
        "trial_end": None,
        **changes,
    }


def invoice_line(id: str = "il_1", **changes: Any) -> StripeObject:
    return {
        "id": id,
        "object": "line_item",
        "amount": 2500,
        "currency": "usd",
        "description": "1 user × Scale plan (at $25.00 / month)",
        "invoice": "in_1",
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "subscription": "sub_1",
                "subscription_item": "si_1",
            },
            "type": "subscription_item_details",
        },
        "period": {"start": NOVEMBER, "end": DECEMBER},
        "pricing": {
            "price_details": {"price": "price_1", "product": "prod_1"},
            "type": "price_details",
            "unit_amount_decimal": "2500",
        },
        "quantity": 1,
        "quantity_decimal": "1",
        **changes,
    }


def invoice(
    id: str = "in_1", *, lines: Sequence[StripeObject] | None = None, **changes: Any
) -> StripeObject:
    shown = [invoice_line()] if lines is None else lines
    total = sum(line["amount"] for line in shown)
    return {
        "id": id,
        "object": "invoice",
        "amount_due": total,
        "amount_paid": 0,
        "amount_remaining": total,
        "billing_reason": "subscription_cycle",
        "created": NOVEMBER,
        "currency": "usd",
        "customer": "cus_1",
        "due_date": None,
        "lines": stripe_list(shown),
        "next_payment_attempt": None,
        "number": "ACME-0001",
        "parent": {
            "quote_details": None,
            "subscription_details": {"metadata": {}, "subscription": "sub_1"},
            "type": "subscription_details",
        },
        "period_end": NOVEMBER,
        "period_start": NOVEMBER,
        "starting_balance": 0,
        "status": "open",
        "status_transitions": {"finalized_at": NOVEMBER, "paid_at": None},
        "subtotal": total,
        "total": total,
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        **changes,
    }


def payment_method(id: str = "pm_1", **changes: Any) -> StripeObject:
    return {
        "id": id,
        "object": "payment_method",
        "card": {"brand": "visa", "exp_month": 8, "exp_year": 2030, "last4": "4242"},
        "created": NOVEMBER,
        "customer": "cus_1",
        "type": "card",
        **changes,
    }
