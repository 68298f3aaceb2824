"""Taking discounts away: https://docs.stripe.com/api/discounts."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.discounts import remove_discount
from portal.sandbox.events import save_change
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()


@routes.delete("/v1/customers/{id}/discount", "CustomerDeleteDiscountParams")
def delete_customer_discount(call: Call, id: str) -> StripeObject:
    """Let a customer's further invoices go without the customer's discount."""
    customer = lookup.get(call.store, "customer", id)
    discount = _removed(call.store, customer["discount"])
    save_change(call.store, "customer.updated", customer | {"discount": None})
    return discount


@routes.delete("/v1/subscriptions/{id}/discount", "SubscriptionDeleteDiscountParams")
def delete_subscription_discount(call: Call, id: str) -> StripeObject:
    """Let a subscription go on without its latest discount."""
    subscription = lookup.get(call.store, "subscription", id)
    *others, last = subscription["discounts"] or [None]
    discount = _removed(call.store, last)
    changed = subscription | {"discounts": others}
    save_change(call.store, "customer.subscription.updated", changed)
    return discount


def _removed(store: Store, id: str | None) -> StripeObject:
    discount = store.get("discount", id or "")
    if discount is None:
        raise Refused("No active discount", status=404, code="resource_missing")
    remove_discount(store, discount)
    return discount | {"deleted": True}
