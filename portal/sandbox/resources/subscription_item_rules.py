"""Which items can be on one subscription.

https://docs.stripe.com/billing/subscriptions/mixed-interval
"""

from collections.abc import Sequence
from typing import Any

from portal.sandbox.billing.proration import is_flexible
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_MOST_ITEMS = 20
_COUNTED_IN = {"day": ("day", 1), "week": ("day", 7), "month": ("month", 1), "year": ("month", 12)}


def check_together(store: Store, subscription: StripeObject, items: Sequence[StripeObject]) -> None:
    """Refuse items that cannot be on one subscription."""
    if not items:
        raise Refused(
            "A subscription must have at least one active item. To cancel the subscription, "
            "cancel it instead of removing its last item.",
            param="items",
        )
    if len(items) > _MOST_ITEMS:
        raise Refused(f"A subscription can have at most {_MOST_ITEMS} items.", param="items")
    prices = [item["price"] for item in items]
    for price in prices:
        if prices.count(price) > 1:
            raise Refused(
                f"Cannot add multiple subscription items with the same price: {price}",
                param="items",
            )
    _check_intervals(store, subscription, prices)


def _check_intervals(store: Store, subscription: StripeObject, prices: list[str]) -> None:
    """Every interval must be whole ones of the shortest, and weeks do not mix with months.

    In classic mode all are the same.
    """
    recurring = [price["recurring"] for id in prices if (price := store.get("price", id))]
    lengths = [(_COUNTED_IN[one["interval"]], one["interval_count"]) for one in recurring]
    units = {unit for (unit, _), _ in lengths}
    counts = [number * count for (_, number), count in lengths]
    has_weeks = any(one["interval"] == "week" for one in recurring)
    is_mixed = len(units) > 1
    if not is_flexible(subscription) and (is_mixed or len(set(counts)) > 1):
        raise Refused(
            "All prices on a subscription must have the same `recurring.interval` and "
            "`recurring.interval_count`.",
            param="items",
        )
    if has_weeks if is_mixed else any(count % min(counts) for count in counts):
        raise Refused(
            "The prices of a subscription must recur at intervals that are multiples of the "
            "shortest one; weeks cannot be combined with months or years.",
            param="items",
        )
