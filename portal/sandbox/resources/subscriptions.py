"""Subscriptions: https://docs.stripe.com/api/subscriptions."""

from collections.abc import Callable
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.cancellation import cancel_subscription
from portal.sandbox.billing.charges import price_of
from portal.sandbox.billing.ending import schedule_the_end
from portal.sandbox.billing.starting import (
    begin_periods,
    owes_at_once,
    start_subscription,
)
from portal.sandbox.events import save_change
from portal.sandbox.fields import given
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.card_refusals import undone_refusal
from portal.sandbox.resources.subscription_extras import add_extras
from portal.sandbox.resources.subscription_item_shape import ITEM_PARAMS, new_items
from portal.sandbox.resources.subscription_settings import SETTINGS, apply_settings
from portal.sandbox.resources.subscription_shape import check_room, new_subscription
from portal.sandbox.resources.subscription_terms import TERMS, set_billing_mode, set_terms
from portal.sandbox.resources.subscription_thresholds import set_thresholds
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_ENDED = ("canceled", "incomplete_expired")
_ITEMS = " ".join(f"items.{name}" for name in ITEM_PARAMS)
_DETAILS = "cancellation_details.comment cancellation_details.feedback"


@routes.post(
    "/v1/subscriptions",
    "SubscriptionCreateParams",
    f"add_invoice_items billing_thresholds cancel_at cancel_at_period_end currency customer "
    f"{_ITEMS} payment_behavior {SETTINGS} {TERMS}",
)
def create_subscription(call: Call) -> StripeObject:
    """Start a subscription now; what is due in advance is invoiced and charged at once."""
    params = call.params
    if "customer" not in params:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        raise Refused(
            "`payment_behavior` can be pending_if_incomplete only when a subscription is updated.",
            param="payment_behavior",
        )
    subscription = begin_subscription(call.store, params)
    started = start_subscription(call.store, call.ledger, subscription, behavior)
    if behavior == "error_if_incomplete" and started["status"] == "incomplete":
        invoice = lookup.get(call.store, "invoice", started["latest_invoice"])
        raise undone_refusal(call.store, invoice)
    return started


def begin_subscription(
    store: Store, params: StripeObject, items_for: Callable[..., list[StripeObject]] | None = None
) -> StripeObject:
    """Keep the subscription that the request describes, with its items, and tell of it.

    `items_for` makes the items of the subscription where no request describes them.
    """
    customer = lookup.named(store, "customer", params["customer"], "customer")
    if items_for is None:
        check_room(store, customer)
    subscription = new_subscription(store, customer, params)
    set_billing_mode(subscription, params.get("billing_mode", {}))
    if items_for is None:
        items = new_items(store, subscription, params.get("items", []))
    else:
        items = items_for(subscription)
    set_terms(subscription, [price_of(store, item) for item in items], params)
    set_thresholds(store, subscription, items, params)
    for item in items:
        store.put(item)
    apply_settings(store, subscription, params)
    store.put(subscription)
    begin_periods(store, subscription, subscription["created"])
    schedule_the_end(store, subscription, params)
    begin_periods(store, subscription, subscription["created"])
    add_extras(store, subscription, params.get("add_invoice_items", ()), subscription["created"])
    if items_for is None and owes_at_once(store, subscription):
        subscription["status"] = "incomplete"
    store.put(subscription)
    store.emit("customer.subscription.created", subscription)
    if customer["currency"] is None:
        save_change(store, "customer.updated", customer | {"currency": subscription["currency"]})
    return subscription


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
