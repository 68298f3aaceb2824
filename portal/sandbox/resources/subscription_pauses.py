"""Pausing, resuming and migrating subscriptions: https://docs.stripe.com/api/subscriptions/pause."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.pausing import (
    PauseTerms,
    ResumeTerms,
    pause_subscription,
    resume_subscription,
)
from portal.sandbox.billing.proration import is_flexible
from portal.sandbox.events import save_change
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.subscription_terms import flexible_mode
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_PAUSABLE = ("active", "past_due", "trialing", "unpaid")
_BILL_FOR = "bill_for.outstanding_usage_through bill_for.unused_time_from"


@routes.post(
    "/v1/subscriptions/{id}/pause",
    "SubscriptionPauseParams",
    f"{_BILL_FOR} invoicing_behavior type",
)
def pause(call: Call, id: str) -> StripeObject:
    """Pause at once; unused time is credited and usage billed unless `bill_for` says no."""
    subscription = lookup.get(call.store, "subscription", id)
    check_can_pause(subscription)
    return pause_subscription(call.store, call.ledger, subscription, pause_terms(call.params))


@routes.post(
    "/v1/subscriptions/{id}/resume",
    "SubscriptionResumeParams",
    "billing_cycle_anchor payment_behavior proration_behavior proration_date",
)
def resume(call: Call, id: str) -> StripeObject:
    """Go on; with a new billing cycle from now on unless the anchor is to stay."""
    subscription = lookup.get(call.store, "subscription", id)
    if subscription["status"] != "paused":
        raise Refused(
            "This subscription cannot be resumed because it is not paused. Its status is "
            f"`{subscription['status']}`."
        )
    terms = resume_terms(call.store, subscription, call.params)
    return resume_subscription(call.store, call.ledger, subscription, terms)


@routes.post(
    "/v1/subscriptions/{id}/migrate",
    "SubscriptionMigrateParams",
    "billing_mode.flexible billing_mode.type",
)
def migrate(call: Call, id: str) -> StripeObject:
    """Bill a classic subscription in flexible mode from now on; there is no way back."""
    subscription = lookup.get(call.store, "subscription", id)
    if is_flexible(subscription):
        raise Refused(
            "This subscription is already in flexible billing mode.", param="billing_mode[type]"
        )
    subscription["billing_mode"] = {
        "flexible": flexible_mode(call.params["billing_mode"]),
        "type": "flexible",
        "updated_at": call.store.now(subscription["customer"]),
    }
    return save_change(call.store, "customer.subscription.updated", subscription)


def check_can_pause(subscription: StripeObject) -> None:
    """Refuse to pause what is billed in classic mode, follows a schedule or is not in force."""
    if not is_flexible(subscription):
        raise Refused("Only subscriptions in flexible billing mode can be paused.")
    if subscription["schedule"] is not None:
        raise Refused(
            f"This subscription is managed by the subscription schedule {subscription['schedule']} "
            "and cannot be paused directly."
        )
    if subscription["status"] not in _PAUSABLE:
        raise Refused(
            f"A subscription with the status `{subscription['status']}` cannot be paused."
        )


def pause_terms(params: StripeObject) -> PauseTerms:
    """What the request wants to be settled."""
    bill_for = params.get("bill_for", {})
    return PauseTerms(
        usage_through=bill_for.get("outstanding_usage_through", {}).get("type", "now"),
        unused_from=bill_for.get("unused_time_from", {}).get("type", "now"),
        invoicing=params.get("invoicing_behavior", "pending_invoice_item"),
    )


def resume_terms(store: Store, subscription: StripeObject, params: StripeObject) -> ResumeTerms:
    """How the request wants the subscription to go on."""
    at = store.now(subscription["customer"])
    prorate_at = params.get("proration_date", at)
    start = max(item["current_period_start"] for item in items_of(store, subscription))
    if not start <= prorate_at <= at:
        raise Refused(
            "The `proration_date` must be within the current billing period.",
            param="proration_date",
        )
    behavior = params.get("payment_behavior", "resume_on_payment_attempt")
    return ResumeTerms(
        at=at,
        prorate_at=prorate_at,
        resets_anchor=params.get("billing_cycle_anchor", {}).get("type", "now") == "now",
        proration_behavior=params.get("proration_behavior", "create_prorations"),
        waits_for_payment=behavior == "resume_on_payment_success",
    )
