"""A new subscription and its items as objects: checked against their prices, not kept yet.

https://docs.stripe.com/api/subscriptions/create
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.customers import check_payment_method
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_MOST_ITEMS = 20
_MOST_ON_A_TEST_CLOCK = 3
# https://docs.stripe.com/billing/subscriptions/mixed-interval
_COUNTED_IN = {"day": ("day", 1), "week": ("day", 7), "month": ("month", 1), "year": ("month", 12)}
# Our own bound; Stripe's is not documented.
_MOST_DAYS_UNTIL_DUE = 3650
# Of Stripe's payment behaviors the others wait for a confirmation, which does not exist here yet.
_PAYMENT_BEHAVIORS = ("allow_incomplete", "error_if_incomplete")
_CANCELLATION = ("comment", "feedback", "feedback_option", "reason")
_INVOICE_SETTINGS = ("account_tax_ids", "custom_fields", "description", "footer")


def new_subscription(store: Store, customer: StripeObject, params: StripeObject) -> StripeObject:
    """The subscription as it starts now; its currency comes with its items."""
    _check_settings(params)
    _check_room(store, customer)
    now = store.now(customer)
    nothing = ("application", "application_fee_percent", "billing_cycle_anchor_config",
               "billing_thresholds", "cancel_at", "canceled_at", "customer_account",
               "default_payment_method", "default_source", "description", "ended_at",
               "latest_invoice", "next_pending_invoice_item_invoice",
               "on_behalf_of", "pause_collection", "pending_invoice_item_interval",
               "pending_setup_intent", "pending_update", "presentment_details", "schedule",
               "status_details", "transfer_data", "trial_end", "trial_start")  # fmt: skip
    return {
        "id": store.new_id("sub"),
        "object": "subscription",
        **dict.fromkeys(nothing),
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
        "collection_method": params.get("collection_method", "charge_automatically"),
        "created": now,
        "currency": params["currency"].lower() if "currency" in params else customer["currency"],
        "customer": customer["id"],
        "days_until_due": params.get("days_until_due"),
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


def new_items(
    store: Store, subscription: StripeObject, asked: list[StripeObject]
) -> list[StripeObject]:
    """The subscription's items; they settle its currency when nothing else has."""
    if not asked:
        raise Refused("Missing required param: items.", code="parameter_missing", param="items")
    if len(asked) > _MOST_ITEMS:
        raise Refused(f"A subscription can have at most {_MOST_ITEMS} items.", param="items")
    items = [
        _item(store, subscription, item, f"items[{position}]")
        for position, item in enumerate(asked)
    ]
    prices = [item["price"] for item in items]
    for price in prices:
        if prices.count(price) > 1:
            raise Refused(
                f"Cannot add multiple subscription items with the same price: {price}",
                param="items",
            )
    _check_intervals(store, prices)
    return items


def apply_settings(store: Store, subscription: StripeObject, params: StripeObject) -> None:
    """Take over what the request says about everything but items, periods and money."""
    subscription.update(given(params, ("default_payment_method", "description")))
    wanted = params.get("default_payment_method")
    if wanted:
        owner = subscription["customer"]
        check_payment_method(store, owner, wanted, "default_payment_method")
    if "metadata" in params:
        known = subscription["metadata"]
        subscription["metadata"] = merged_metadata(known, params["metadata"])
    details = params.get("cancellation_details", {})
    subscription["cancellation_details"].update(given(details, ("comment", "feedback")))


def _check_intervals(store: Store, prices: list[str]) -> None:
    """Every interval must be whole ones of the shortest, and weeks do not mix with months."""
    recurring = [price["recurring"] for id in prices if (price := store.get("price", id))]
    lengths = [(_COUNTED_IN[one["interval"]], one["interval_count"]) for one in recurring]
    units = {unit for (unit, _), _ in lengths}
    counts = [number * count for (_, number), count in lengths]
    has_weeks = any(one["interval"] == "week" for one in recurring)
    is_mixed = len(units) > 1
    if has_weeks if is_mixed else any(count % min(counts) for count in counts):
        raise Refused(
            "The prices of a subscription must recur at intervals that are multiples of the "
            "shortest one; weeks cannot be combined with months or years.",
            param="items",
        )


def _item(
    store: Store, subscription: StripeObject, asked: StripeObject, param: str
) -> StripeObject:
    if "price" not in asked:
        raise Refused(
            f"Missing required param: {param}[price].",
            code="parameter_missing",
            param=f"{param}[price]",
        )
    price = lookup.named(store, "price", asked["price"], f"{param}[price]")
    _check_price(price, subscription, f"{param}[price]")
    return {
        "id": store.new_id("si"),
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": subscription["created"],
        "current_period_end": None,
        "current_period_start": None,
        "current_trial": None,
        "discounts": [],
        "metadata": merged_metadata({}, asked.get("metadata")),
        "price": price["id"],
        "quantity": _quantity(price, asked, f"{param}[quantity]"),
        "subscription": subscription["id"],
        "tax_rates": [],
    }


def _quantity(price: StripeObject, asked: StripeObject, param: str) -> int | None:
    if price["recurring"]["usage_type"] == "licensed":
        quantity = int(asked.get("quantity", 1))
        if quantity < 0:
            raise Refused("This value must be greater than or equal to 0.", param=param)
        return quantity
    if "quantity" in asked:
        raise Refused(
            "Quantity should not be specified where usage_type is `metered`. Remove quantity from "
            f"{param}.",
            param=param,
        )
    return None


def _check_price(price: StripeObject, subscription: StripeObject, param: str) -> None:
    if not price["active"]:
        raise Refused(
            "The price specified is inactive. This field only accepts active prices.", param=param
        )
    if price["type"] != "recurring":
        raise Refused(
            "The price specified is set to `type=one_time` but this field only accepts prices "
            "with `type=recurring`.",
            param=param,
        )
    subscription["currency"] = subscription["currency"] or price["currency"]
    if price["currency"] != subscription["currency"]:
        raise Refused(
            f"The price specified only supports `{price['currency']}`. This doesn't match the "
            f"expected currency: `{subscription['currency']}`.",
            param=param,
        )


def _check_settings(params: StripeObject) -> None:
    if params.get("billing_mode", {}).get("type", "flexible") != "flexible":
        raise NotSupported("This sandbox bills in flexible mode only.", param="billing_mode[type]")
    if params.get("payment_behavior", "allow_incomplete") not in _PAYMENT_BEHAVIORS:
        raise NotSupported(
            f"This sandbox knows the payment behaviors {' and '.join(_PAYMENT_BEHAVIORS)} only.",
            param="payment_behavior",
        )
    sends = params.get("collection_method") == "send_invoice"
    if sends != ("days_until_due" in params):
        raise Refused(
            "`days_until_due` goes with `collection_method` send_invoice, and only with that.",
            param="days_until_due",
        )
    if not 0 <= params.get("days_until_due", 0) <= _MOST_DAYS_UNTIL_DUE:
        raise Refused(
            f"`days_until_due` must be between 0 and {_MOST_DAYS_UNTIL_DUE}.",
            param="days_until_due",
        )


def _check_room(store: Store, customer: StripeObject) -> None:
    known = store.every("subscription", customer=customer["id"])
    if customer["test_clock"] and len(known) >= _MOST_ON_A_TEST_CLOCK:
        raise Refused(
            f"A customer on a test clock can have at most {_MOST_ON_A_TEST_CLOCK} subscriptions.",
            param="customer",
        )
