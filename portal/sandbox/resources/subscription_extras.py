"""One-time charges that a request adds to a subscription's next invoice (`add_invoice_items`).

https://docs.stripe.com/api/subscriptions/update#update_subscription-add_invoice_items
"""

from collections.abc import Sequence
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_item_shape import make_item
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_MOST = 20
_AS_THEY_ARE = ("discountable", "discounts", "metadata", "price_data", "quantity", "tax_rates")


def add_extras(
    store: Store, subscription: StripeObject, asked: Sequence[StripeObject], at: int
) -> None:
    """Let the charges wait for the next invoice of the subscription, which has its periods."""
    if len(asked) > _MOST:
        raise Refused(f"You can add at most {_MOST} invoice items.", param="add_invoice_items")
    customer = lookup.get(store, "customer", subscription["customer"]) if asked else {}
    for position, one in enumerate(asked):
        param = f"add_invoice_items[{position}]"
        start, end = _period(store, subscription, one.get("period"), at, param)
        wanted = _as_items_say(store, one, param) | {
            "currency": subscription["currency"],
            "period": {"start": start, "end": end},
            "subscription": subscription["id"],
        }
        make_item(store, customer, wanted, None, param)


def _as_items_say(store: Store, asked: StripeObject, param: str) -> StripeObject:
    """The request in the words of invoice items, which have a group for their price.

    An amount below nothing is a credit that the vendor has worked out; no price has one.
    """
    wanted = {name: asked[name] for name in _AS_THEY_ARE if name in asked}
    if "price" in asked:
        lookup.named(store, "price", asked["price"], f"{param}[price]")
        return wanted | {"pricing": {"price": asked["price"]}}
    if "price_data" not in asked:
        where = f"{param}[price]"
        raise Refused(f"Missing required param: {where}.", code="parameter_missing", param=where)
    data = wanted["price_data"]
    amount = data.get("unit_amount", data.get("unit_amount_decimal", 0))
    if amount >= 0:
        return wanted
    where = f"{param}[price_data][product]"
    product = lookup.named(store, "product", data["product"], where)
    del wanted["price_data"]
    return wanted | {"unit_amount_decimal": amount, "description": product["name"]}


def _period(
    store: Store,
    subscription: StripeObject,
    asked: StripeObject | None,
    at: int,
    param: str,
) -> tuple[int, int]:
    """When the charge is for; usually the shortest time that all items have in common."""
    items = items_of(store, subscription)
    moments = {
        "max_item_period_start": max(item["current_period_start"] for item in items),
        "min_item_period_end": min(item["current_period_end"] for item in items),
        "now": at,
    }
    start = (asked or {}).get("start", {"type": "max_item_period_start"})
    end = (asked or {}).get("end", {"type": "min_item_period_end"})
    found = [moments.get(one["type"], one.get("timestamp")) for one in (start, end)]
    if None in found or found[0] > found[1]:
        raise Refused(
            "The period's end must not be before its start.", param=f"{param}[period][end]"
        )
    return found[0], found[1]
