"""Changing a subscription: https://docs.stripe.com/api/subscriptions/update."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.ending import schedule_the_end
from portal.sandbox.billing.renewal import keep_scheduled
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.subscription_shape import apply_settings
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_ENDED = ("canceled", "incomplete_expired")
_DETAILS = "cancellation_details.comment cancellation_details.feedback"
_OF_A_CANCELED_ONE = frozenset(("cancellation_details", "metadata", "expand"))


@routes.post(
    "/v1/subscriptions/{id}",
    "SubscriptionUpdateParams",
    f"cancel_at_period_end {_DETAILS} default_payment_method description metadata trial_end",
)
def update_subscription(call: Call, id: str) -> StripeObject:
    """Change what the request names; items and prices cannot be changed here yet."""
    subscription = lookup.get(call.store, "subscription", id)
    if subscription["status"] in _ENDED and call.params.keys() - _OF_A_CANCELED_ONE:
        raise Refused(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    if call.params.get("trial_end", "now") != "now":
        raise NotSupported("This sandbox has no trials yet.", param="trial_end")
    apply_settings(call.store, subscription, call.params)
    schedule_the_end(call.store, subscription, call.params)
    return keep_scheduled(call.store, subscription)
