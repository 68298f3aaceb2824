"""Giving back what was paid in advance, when a subscription is canceled, paused or put on trial.

https://docs.stripe.com/billing/subscriptions/prorations
"""

from typing import Any

from portal.sandbox.billing.charges import is_in_trial, licensed_items
from portal.sandbox.billing.debits import credited_from
from portal.sandbox.billing.item_changes import inside_period
from portal.sandbox.billing.proration import Prorations
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def credit_unused_time(
    store: Store, subscription: StripeObject, at: int, *, from_start: bool = False
) -> None:
    """Credit every item for its time from now on, or for all of its period (`from_start`).

    The items remember that, so that a later change does not credit the same time again.
    """
    if is_in_trial(subscription, at):
        return
    items = licensed_items(store, subscription)
    prorations = Prorations(store, subscription, items, at)
    for item in items:
        since = item["current_period_start"] if from_start else inside_period(item, at)
        if since is not None:
            prorations.credit(item, since)
            store.put(item | credited_from(item, since))
