"""Subscriptions: https://docs.stripe.com/api/subscriptions."""

from collections.abc import Callable
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.cancellation import cancel_subscription
from portal.sandbox.billing.charges import first_charges
from portal.sandbox.billing.cycles import start_subscription
from portal.sandbox.billing.ending import schedule_the_end
from portal.sandbox.billing.payment import decline_of
from portal.sandbox.billing.renewal import start_periods
from portal.sandbox.events import save_change
from portal.sandbox.fields import given
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.subscription_shape import (
    apply_settings,
    new_items,
    new_subscription,
)
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_ENDED = ("canceled", "incomplete_expired")
_DETAILS = "cancellation_details.comment cancellation_details.feedback"


@routes.post(
    "/v1/subscriptions",
    "SubscriptionCreateParams",
    "billing_mode.type cancel_at_period_end collection_method currency customer days_until_due "
    "default_payment_method description items.metadata items.price items.quantity metadata "
    "off_session payment_behavior",
)
def create_subscription(call: Call) -> StripeObject:
    """Start a subscription now; what is due in advance is invoiced and charged at once."""
    store, params = call.store, call.params
    if "customer" not in params:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = lookup.named(store, "customer", params["customer"], "customer")
    subscription = new_subscription(store, customer, params)
    items = new_items(store, subscription, params.get("items", []))
    apply_settings(store, subscription, params)
    store.put(subscription)
    for item in items:
        store.put(item)
    start_periods(store, subscription, subscription["start_date"])
    schedule_the_end(store, subscription, params)
    if any(first_charges(store, subscription)):
        subscription["status"] = "incomplete"
    store.put(subscription)
    store.emit("customer.subscription.created", subscription)
    if customer["currency"] is None:
        save_change(store, "customer.updated", customer | {"currency": subscription["currency"]})
    return _started(call, subscription)


@routes.get(
    "/v1/subscriptions",
    "SubscriptionListParams",
    "collection_method created current_period_end current_period_start customer price status "
    "test_clock",
)
def list_subscriptions(call: Call) -> Listing:
    """Subscriptions, newest first; without a status those that have not ended."""
    asked = call.params
    lookup.check_filter(call.store, "customer", asked)
    exact = given(asked, ("collection_method", "customer"))
    if "customer" not in asked:
        exact["test_clock"] = asked.get("test_clock")
    found = (
        subscription
        for subscription in call.store.each("subscription", **exact)
        if _has_status(subscription, asked.get("status"))
        and within(asked.get("created"), subscription["created"])
        and _has_items(call, subscription)
    )
    return Listing(found, "subscription")


@routes.get("/v1/subscriptions/{id}", "SubscriptionRetrieveParams")
def retrieve_subscription(call: Call, id: str) -> StripeObject:
    """The subscription, also when it has ended."""
    return lookup.get(call.store, "subscription", id)


@routes.delete(
    "/v1/subscriptions/{id}", "SubscriptionCancelParams", f"{_DETAILS} invoice_now prorate"
)
def delete_subscription(call: Call, id: str) -> StripeObject:
    """Cancel at once; usage that is not invoiced yet is billed only with `invoice_now`."""
    subscription = lookup.get(call.store, "subscription", id)
    if subscription["status"] in _ENDED:
        raise lookup.no_such("subscription", id)
    apply_settings(call.store, subscription, call.params)
    subscription["cancellation_details"]["reason"] = "cancellation_requested"
    return cancel_subscription(
        call.store,
        call.ledger,
        subscription,
        invoice_now=call.params.get("invoice_now", False),
        prorate=call.params.get("prorate", False),
    )


def _started(call: Call, subscription: StripeObject) -> StripeObject:
    started = start_subscription(call.store, call.ledger, subscription)
    behavior = call.params.get("payment_behavior", "allow_incomplete")
    if behavior == "error_if_incomplete" and started["status"] == "incomplete":
        raise _declined(call, started["latest_invoice"])
    return started


def _declined(call: Call, invoice: str) -> Refused:
    """The refusal of the card that should have paid the first invoice."""
    open_still = lookup.get(call.store, "invoice", invoice)
    reason = decline_of(call.store, open_still) or {"message": "Your card was declined."}
    return Refused(**reason, status=402, type="card_error", decided=True)


def _has_status(subscription: StripeObject, wanted: str | None) -> bool:
    status = subscription["status"]
    by_word: dict[str | None, Callable[[], bool]] = {
        None: lambda: status not in _ENDED,
        "all": lambda: True,
        "ended": lambda: status in _ENDED,
    }
    return by_word.get(wanted, lambda: bool(status == wanted))()


def _has_items(call: Call, subscription: StripeObject) -> bool:
    """Whether the items match the filters that are about them."""
    asked, items = call.params, items_of(call.store, subscription)
    return (
        asked.get("price") in (None, *(item["price"] for item in items))
        and within(asked.get("current_period_end"), min(_times(items, "end")))
        and within(asked.get("current_period_start"), max(_times(items, "start")))
    )


def _times(items: list[StripeObject], name: str) -> list[int]:
    return [item[f"current_period_{name}"] for item in items]
