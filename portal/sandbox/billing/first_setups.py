"""Collecting a card along with a subscription that has nothing to be paid yet, such as a trial.

https://docs.stripe.com/api/subscriptions/object#subscription_object-pending_setup_intent
"""

from typing import Any

from portal.sandbox.billing.setups import new_setup_intent
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def ask_for_card(store: Store, subscription: StripeObject) -> StripeObject:
    """The subscription, kept with a setup that its customer is to confirm."""
    made = new_setup_intent(store, customer=subscription["customer"], usage="off_session")
    intent = store.put(made | {"_subscription": subscription["id"]})
    store.emit("setup_intent.created", intent)
    return store.put(subscription | {"pending_setup_intent": intent["id"]})
