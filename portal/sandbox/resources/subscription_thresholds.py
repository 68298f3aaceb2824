"""At what amount or how many units a subscription is invoiced early.

https://docs.stripe.com/billing/subscriptions/usage-based/thresholds
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from portal.rating.price import price_from_stripe
from portal.rating.rate import LineKind, rate
from portal.sandbox.billing.charges import is_metered, price_of
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NAME = "billing_thresholds"
_LEAST_AMOUNT = 50


def set_thresholds(
    store: Store, subscription: StripeObject, items: Iterable[StripeObject], params: StripeObject
) -> None:
    """Take over what the request says, and refuse what cannot be on these items.

    `items` are those that the subscription is going to have.
    """
    if _NAME in params:
        known = subscription[_NAME] or {"amount_gte": None, "reset_billing_cycle_anchor": None}
        asked = params[_NAME]
        subscription[_NAME] = known | asked if asked else None
    items = list(items)
    amount = (subscription[_NAME] or {}).get("amount_gte")
    if amount is not None:
        _check_amount(store, subscription, items, amount)
    for item in items:
        if item[_NAME]:
            _check_item(price_of(store, item), item[_NAME]["usage_gte"])


def _check_amount(
    store: Store, subscription: StripeObject, items: list[StripeObject], amount: int
) -> None:
    param = f"{_NAME}[amount_gte]"
    if amount < _LEAST_AMOUNT:
        raise Refused(f"This value must be greater than or equal to {_LEAST_AMOUNT}.", param=param)
    prices = [price_of(store, item) for item in items]
    metered = [price for price in prices if is_metered(price)]
    if not metered:
        raise Refused("A threshold needs an item with a metered price.", param=param)
    for price in metered:
        _check_not_packaged(price, param)
    if amount <= sum(_flat_fees(price, subscription["currency"]) for price in metered):
        raise Refused(
            "The threshold must be greater than the sum of the flat fees of the subscription's "
            "metered items.",
            param=param,
        )


def _check_item(price: StripeObject, usage: int) -> None:
    param = f"{_NAME}[usage_gte]"
    if usage < 1:
        raise Refused("This value must be greater than or equal to 1.", param=param)
    if not is_metered(price):
        raise Refused("Only an item with a metered price can have a usage threshold.", param=param)
    _check_not_packaged(price, param)


def _check_not_packaged(price: StripeObject, param: str) -> None:
    if price["transform_quantity"] is not None:
        raise Refused("Thresholds do not go with package pricing.", param=param)


def _flat_fees(price: StripeObject, currency: str) -> int:
    """The fees that are owed before there is any usage."""
    lines = rate(price_from_stripe(price, currency), Decimal(0)).lines
    return sum(line.amount for line in lines if line.kind is LineKind.FLAT)
