"""When a subscription is to end by itself: at its period's end, or at a moment that is named.

https://docs.stripe.com/billing/subscriptions/cancel
"""

from typing import Any

from portal.sandbox.included import items_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def schedule_the_end(store: Store, subscription: StripeObject, params: StripeObject) -> None:
    """Ask for the end of the period as the last day, or take that back."""
    wanted = params.get("cancel_at_period_end", subscription["cancel_at_period_end"])
    if wanted == subscription["cancel_at_period_end"]:
        return
    ends = [item["current_period_end"] for item in items_of(store, subscription)]
    subscription |= {
        "cancel_at_period_end": wanted,
        "cancel_at": max(ends) if wanted else None,
        "canceled_at": store.now(subscription["customer"]) if wanted else None,
    }
    reason = "cancellation_requested" if wanted else None
    subscription["cancellation_details"]["reason"] = reason
