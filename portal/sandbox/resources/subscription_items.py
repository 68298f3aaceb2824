"""Subscription items: https://docs.stripe.com/api/subscription_items.

Adding, changing and removing one is a change of its subscription like any other.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.http.paging import Listing
from portal.sandbox.included import items_of
from portal.sandbox.resources.subscription_item_shape import ITEM_PARAMS
from portal.sandbox.resources.subscription_updates import check_can_change, update
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
# What a request says of the change and not of the item.
_OF_THE_CHANGE = ("payment_behavior", "proration_behavior", "proration_date")
_ACTS_ON = " ".join((*ITEM_PARAMS, *_OF_THE_CHANGE))


@routes.get("/v1/subscription_items", "SubscriptionItemListParams", "subscription")
def list_subscription_items(call: Call) -> Listing:
    """A subscription's items, in the order in which the subscription shows them."""
    wanted = call.params["subscription"]
    subscription = lookup.named(call.store, "subscription", wanted, "subscription")
    return Listing(items_of(call.store, subscription), "subscription_item")


@routes.get("/v1/subscription_items/{id}", "SubscriptionItemRetrieveParams")
def retrieve_subscription_item(call: Call, id: str) -> StripeObject:
    """The item."""
    return lookup.get(call.store, "subscription_item", id)


@routes.post("/v1/subscription_items", "SubscriptionItemCreateParams", f"subscription {_ACTS_ON}")
def create_subscription_item(call: Call) -> StripeObject:
    """Add an item to a subscription."""
    wanted = call.params["subscription"]
    subscription = lookup.named(call.store, "subscription", wanted, "subscription")
    _change(call, subscription, {})
    return items_of(call.store, subscription)[-1]


@routes.post(
    "/v1/subscription_items/{id}", "SubscriptionItemUpdateParams", f"off_session {_ACTS_ON}"
)
def update_subscription_item(call: Call, id: str) -> StripeObject:
    """Change the item."""
    _change(call, _owner(call, id), {"id": id})
    return lookup.get(call.store, "subscription_item", id)


@routes.delete(
    "/v1/subscription_items/{id}",
    "SubscriptionItemDeleteParams",
    " ".join(("clear_usage", *_OF_THE_CHANGE)),
)
def delete_subscription_item(call: Call, id: str) -> StripeObject:
    """Remove the item; its subscription goes on with the others."""
    _change(call, _owner(call, id), {"id": id, "deleted": True})
    return {"id": id, "object": "subscription_item", "deleted": True}


def _owner(call: Call, id: str) -> StripeObject:
    item = lookup.get(call.store, "subscription_item", id)
    return lookup.get(call.store, "subscription", item["subscription"])


def _change(call: Call, subscription: StripeObject, which: StripeObject) -> None:
    """Carry out the request as an update of the subscription."""
    item = {
        name: call.params[name] for name in (*ITEM_PARAMS, "clear_usage") if name in call.params
    }
    change = {name: call.params[name] for name in _OF_THE_CHANGE if name in call.params}
    params = change | {"items": [item | which]}
    check_can_change(subscription, params)
    update(call.store, call.ledger, subscription, params, prefix="")
