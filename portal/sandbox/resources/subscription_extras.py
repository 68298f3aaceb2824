"""One-time charges that a request adds to a subscription's next invoice (`add_invoice_items`).

https://docs.stripe.com/api/subscriptions/update#update_subscription-add_invoice_items
"""

from collections.abc import Sequence
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.invoice_items import add_invoice_item
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_item_money import money_of
from portal.sandbox.resources.invoice_item_shape import extras_of, text_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_MOST = 20


def add_extras(
    store: Store, subscription: StripeObject, asked: Sequence[StripeObject], at: int
) -> None:
    """Let the charges wait for the next invoice of the subscription, which has its periods."""
    if len(asked) > _MOST:
        raise Refused(f"You can add at most {_MOST} invoice items.", param="add_invoice_items")
    customer = lookup.get(store, "customer", subscription["customer"]) if asked else {}
    for position, one in enumerate(asked):
        param = f"add_invoice_items[{position}]"
        money = _money(store, subscription, one, param)
        add_invoice_item(
            store,
            customer,
            at=at,
            description=text_of(store, one, money),
            period=_period(store, subscription, one.get("period"), at),
            subscription=subscription["id"],
            **extras_of(store, one, param),
            **money,
        )


def _money(
    store: Store, subscription: StripeObject, asked: StripeObject, param: str
) -> StripeObject:
    """Amount and price; the request names its price directly, where invoice items have a group."""
    named = {"pricing": {"price": asked["price"]}} if "price" in asked else {}
    money = {name: asked[name] for name in ("price_data", "quantity") if name in asked}
    if not {"price", "price_data"} & asked.keys():
        raise Refused(
            f"Missing required param: {param}[price].",
            code="parameter_missing",
            param=f"{param}[price]",
        )
    return money_of(store, money | named, subscription["currency"], param)


def _period(
    store: Store, subscription: StripeObject, asked: StripeObject | None, at: int
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
            "The period's end must not be before its start.", param="add_invoice_items[0][period]"
        )
    return found[0], found[1]
