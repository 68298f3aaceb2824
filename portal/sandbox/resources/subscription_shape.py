"""A subscription as an object: what requests say of it, checked and not kept yet.

https://docs.stripe.com/api/subscriptions/create
"""

from typing import Any

from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_MOST_ON_A_TEST_CLOCK = 3
_CANCELLATION = ("comment", "feedback", "feedback_option", "reason")
# What a subscription may have, and a new one has not.
_NOTHING = (
    "application", "application_fee_percent", "billing_cycle_anchor_config",
    "billing_thresholds", "cancel_at", "canceled_at", "customer_account",
    "default_payment_method", "default_source", "description", "ended_at",
    "latest_invoice", "next_pending_invoice_item_invoice",
    "on_behalf_of", "pause_collection", "pending_invoice_item_interval",
    "pending_setup_intent", "pending_update", "presentment_details", "schedule",
    "status_details", "transfer_data", "trial_end", "trial_start",
)  # fmt: skip
_INVOICE_SETTINGS = ("account_tax_ids", "custom_fields", "description", "footer")


def new_subscription(store: Store, customer: StripeObject, params: StripeObject) -> StripeObject:
    """The subscription as it starts now; its currency comes with its items."""
    now = store.now(customer)
    return {
        "id": store.new_id("sub"),
        "object": "subscription",
        **dict.fromkeys(_NOTHING),
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": now,
        },
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": dict.fromkeys(_CANCELLATION),
        "collection_method": "charge_automatically",
        "created": now,
        "currency": params["currency"].lower() if "currency" in params else customer["currency"],
        "customer": customer["id"],
        "days_until_due": None,
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": dict.fromkeys(_INVOICE_SETTINGS) | {"issuer": {"type": "self"}},
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": now,
        "status": "active",
        "test_clock": customer["test_clock"],
        "trial_settings": {
            "end_behavior": {
                "billing_cycle_anchor": "now",
                "missing_payment_method": "create_invoice",
            }
        },
    }


def check_room(store: Store, customer: StripeObject) -> None:
    """Refuse more subscriptions, begun or scheduled, than a customer on a test clock can have."""
    known = len(store.every("subscription", customer=customer["id"])) + sum(
        schedule["status"] == "not_started"
        for schedule in store.every("subscription_schedule", customer=customer["id"])
    )
    if customer["test_clock"] and known >= _MOST_ON_A_TEST_CLOCK:
        raise Refused(
            f"A customer on a test clock can have at most {_MOST_ON_A_TEST_CLOCK} subscriptions.",
            param="customer",
        )
