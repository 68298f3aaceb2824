"""A subscription's items as requests describe them: checked against their prices, not kept yet.

https://docs.stripe.com/api/subscriptions/update and https://docs.stripe.com/api/subscription_items
"""

from collections.abc import Sequence
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.item_changes import ItemChange, new_item
from portal.sandbox.billing.proration import is_flexible
from portal.sandbox.billing.redemption import Purchase, apply_discounts
from portal.sandbox.events import save_change
from portal.sandbox.fields import merged_metadata
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.prices import make_price
from portal.sandbox.resources.subscription_item_rules import check_together
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# What of an item requests may name, for the lists of parameters that are acted on.
ITEM_PARAMS = ("billing_thresholds", "discounts", "metadata", "price", "price_data", "quantity",
               "tax_rates")  # fmt: skip


def new_items(
    store: Store, subscription: StripeObject, asked: list[StripeObject]
) -> list[StripeObject]:
    """A new subscription's items; they settle its currency when nothing else has."""
    if not asked:
        raise Refused("Missing required param: items.", code="parameter_missing", param="items")
    items = [
        _added(store, subscription, one, f"items[{position}]", subscription["created"])
        for position, one in enumerate(asked)
    ]
    check_together(store, subscription, items)
    return items


def changed_items(
    store: Store,
    subscription: StripeObject,
    asked: Sequence[StripeObject],
    at: int,
    prefix: str = "items[{}]",
) -> list[ItemChange]:
    """The changes that a request asks for: those with an id are of known items, others are new.

    `prefix` is where the request has them; an empty one where it describes a single item.
    """
    known = {item["id"]: item for item in items_of(store, subscription)}
    changes: list[ItemChange] = []
    for position, one in enumerate(asked):
        param = prefix.format(position)
        if "id" not in one:
            added = _added(store, subscription, one, param, at)
            changes.append(ItemChange(None, added))
            continue
        if one["id"] not in known:
            raise lookup.no_such("subscription_item", one["id"], param=_inside(param, "id"))
        before = known.pop(one["id"])
        changes.append(ItemChange(before, _changed(store, subscription, before, one, param)))
    left = [change.after for change in changes if change.after is not None]
    check_together(store, subscription, [*known.values(), *left])
    return changes


def _added(
    store: Store, subscription: StripeObject, asked: StripeObject, param: str, at: int
) -> StripeObject:
    price = _price(store, subscription, asked, param)
    if price is None:
        where = _inside(param, "price")
        raise Refused(f"Missing required param: {where}.", code="parameter_missing", param=where)
    quantity = _quantity(price, asked, param)
    item = new_item(store, subscription, at) | {"price": price["id"], "quantity": quantity}
    return _with_settings(store, subscription, item, asked, param)


def _changed(
    store: Store,
    subscription: StripeObject,
    item: StripeObject,
    asked: StripeObject,
    param: str,
) -> StripeObject | None:
    """The item as the request wants it; another price begins with a quantity of 1."""
    if "clear_usage" in asked and is_flexible(subscription):
        raise Refused(
            "With `billing_mode.type=flexible` set on a subscription, the following parameters are "
            "not supported: `clear_usage`.",
            param=_inside(param, "clear_usage"),
        )
    if asked.get("deleted"):
        return None
    price = _price(store, subscription, asked, param) or store.get("price", item["price"]) or {}
    if price["id"] != item["price"] or "quantity" in asked:
        item = item | {"price": price["id"], "quantity": _quantity(price, asked, param)}
    return _with_settings(store, subscription, item, asked, param)


def _with_settings(
    store: Store,
    subscription: StripeObject,
    item: StripeObject,
    asked: StripeObject,
    param: str,
) -> StripeObject:
    """The item with what the request says of it besides its price and quantity."""
    found: StripeObject = {}
    if "metadata" in asked:
        found["metadata"] = merged_metadata(item["metadata"], asked["metadata"])
    if "billing_thresholds" in asked:
        found["billing_thresholds"] = asked["billing_thresholds"] or None
    if "tax_rates" in asked:
        found["tax_rates"] = tax_rates(store, asked["tax_rates"], _inside(param, "tax_rates"))
    if "discounts" not in asked:
        return item | found
    customer = lookup.get(store, "customer", subscription["customer"])
    purchase = Purchase(customer, subscription["currency"], _inside(param, "discounts"))
    return apply_discounts(store, item, asked["discounts"], purchase) | found


def tax_rates(store: Store, asked: Any, param: str) -> list[str]:
    """The ids of tax rates that a request names; an empty text is none."""
    for position, id in enumerate(asked or ()):
        lookup.named(store, "tax_rate", id, f"{param}[{position}]")
    return list(asked or ())


def _quantity(price: StripeObject, asked: StripeObject, param: str) -> int | None:
    where = _inside(param, "quantity")
    if price["recurring"]["usage_type"] == "licensed":
        quantity = int(asked.get("quantity", 1))
        if quantity < 0:
            raise Refused("This value must be greater than or equal to 0.", param=where)
        return quantity
    if "quantity" in asked:
        raise Refused(
            "Quantity should not be specified where usage_type is `metered`. Remove quantity from "
            f"{where}.",
            param=where,
        )
    return None


def _price(
    store: Store, subscription: StripeObject, asked: StripeObject, param: str
) -> StripeObject | None:
    """The price that the request names or describes, if it does."""
    if "price" in asked and "price_data" in asked:
        raise Refused(
            "You may only specify one of these parameters: price, price_data.",
            param=_inside(param, "price"),
        )
    if "price_data" in asked:
        where = _inside(param, "price_data")
        return _described_price(store, subscription, asked["price_data"], where)
    if "price" not in asked:
        return None
    where = _inside(param, "price")
    price = lookup.named(store, "price", asked["price"], where)
    _check_price(price, subscription, where)
    return price


def _described_price(
    store: Store, subscription: StripeObject, asked: StripeObject, param: str
) -> StripeObject:
    """A price made for this one item; it is archived at once, so that nothing else uses it."""
    lookup.named(store, "product", asked["product"], f"{param}[product]")
    price = make_price(store, asked)
    _check_price(price, subscription, param)
    return save_change(store, "price.updated", price | {"active": False})


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
    offered = {price["currency"], *(price.get("currency_options") or {})}
    if subscription["currency"] not in offered:
        raise Refused(
            f"The price specified only supports `{price['currency']}`. This doesn't match the "
            f"expected currency: `{subscription['currency']}`.",
            param=param,
        )


def _inside(param: str, name: str) -> str:
    """The name of a parameter inside another, or of one that is on its own."""
    return f"{param}[{name}]" if param else name
