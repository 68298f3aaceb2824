"""Subscription items, for reading: https://docs.stripe.com/api/subscription_items."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.http.paging import Listing
from portal.sandbox.included import items_of
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()


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
