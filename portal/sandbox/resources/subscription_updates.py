"""Changing a subscription: https://docs.stripe.com/api/subscriptions/update."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.changing import change_subscription
from portal.sandbox.billing.collection import collect
from portal.sandbox.billing.ending import schedule_the_end
from portal.sandbox.billing.invoices import finalize
from portal.sandbox.billing.item_changes import Terms, items_after
from portal.sandbox.billing.payment import request_payment
from portal.sandbox.billing.pending_updates import attempt_update, check_supported
from portal.sandbox.billing.preview import new_invoice
from portal.sandbox.billing.renewal import keep_scheduled
from portal.sandbox.billing.standing import follow_payment, is_unpaid
from portal.sandbox.billing.trials import change_trial, is_another_trial
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.card_refusals import undone_refusal
from portal.sandbox.resources.schedule_changes import follow_update
from portal.sandbox.resources.subscription_extras import add_extras
from portal.sandbox.resources.subscription_item_shape import ITEM_PARAMS, changed_items
from portal.sandbox.resources.subscription_settings import LATER_SETTINGS, SETTINGS, apply_settings
from portal.sandbox.resources.subscription_thresholds import set_thresholds
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
routes = Routes()
_ENDED = ("canceled", "incomplete_expired")
_ENDINGS = frozenset(("cancel_at", "cancel_at_period_end"))
_OF_AN_INCOMPLETE_ONE = frozenset(
    ("default_payment_method", "expand", "metadata", "payment_settings")
)
_OF_A_CANCELED_ONE = frozenset(("cancellation_details", "metadata", "expand"))
_ITEMS = " ".join(f"items.{name}" for name in (*ITEM_PARAMS, "clear_usage", "deleted", "id"))
ACTS_ON = (
    f"add_invoice_items billing_cycle_anchor billing_thresholds cancel_at cancel_at_period_end "
    f"{_ITEMS} payment_behavior proration_behavior proration_date trial_end {SETTINGS} "
    f"{LATER_SETTINGS}"
)


@routes.post("/v1/subscriptions/{id}", "SubscriptionUpdateParams", ACTS_ON)
def update_subscription(call: Call, id: str) -> StripeObject:
    """Change what the request names; what that makes due at once is invoiced and charged."""
    subscription = lookup.get(call.store, "subscription", id)
    check_can_change(subscription, call.params)
    return update(call.store, call.ledger, subscription, call.params)


def check_can_change(subscription: StripeObject, params: StripeObject) -> None:
    """Refuse what cannot be changed while the subscription is what it is.

    https://docs.stripe.com/api/subscriptions/object#subscription_object-status
    """
    if subscription["status"] in _ENDED and params.keys() - _OF_A_CANCELED_ONE:
        raise Refused(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    if subscription["status"] == "incomplete" and params.keys() - _OF_AN_INCOMPLETE_ONE:
        raise Refused(
            "A subscription with the status `incomplete` can only update its metadata and "
            "payment method."
        )
    if subscription["status"] == "paused" and "billing_cycle_anchor" in params:
        raise Refused(
            "The billing cycle anchor of a paused subscription is set when it is resumed.",
            param="billing_cycle_anchor",
        )
    if subscription["schedule"] is not None and _ENDINGS & params.keys():
        raise Refused(
            f"The subscription is managed by the subscription schedule "
            f"`{subscription['schedule']}`, and updating any cancelation behavior directly is not "
            "allowed. Please update the schedule instead."
        )


def update(
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    params: StripeObject,
    prefix: str = "items[{}]",
) -> StripeObject:
    """Apply a change and collect what it makes due; `prefix` is where the request has items."""
    behavior = params.get("payment_behavior", "allow_incomplete")

    def change(as_it_is: StripeObject) -> StripeObject:
        changed, draft = apply(store, ledger, as_it_is, params, prefix)
        if draft is not None:
            _collect(store, draft, behavior)
        return changed

    if behavior == "pending_if_incomplete":
        check_supported(params)
        return attempt_update(store, subscription, change)
    changed = change(subscription)
    if behavior == "error_if_incomplete":
        _check_paid(store, changed, subscription["latest_invoice"])
    return store.get("subscription", changed["id"]) or changed


def apply(
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    params: StripeObject,
    prefix: str = "items[{}]",
) -> tuple[StripeObject, StripeObject | None]:
    """The changed subscription and the draft of what is due at once; nothing is collected yet."""
    before, at = presented(store, subscription), store.now(subscription["customer"])
    terms = _terms(store, subscription, params, at)
    apply_settings(store, subscription, params)
    changes = changed_items(store, subscription, params.get("items", ()), at, prefix)
    set_thresholds(store, subscription, items_after(store, subscription, changes), params)
    schedule_the_end(store, subscription, params)
    add_extras(store, subscription, params.get("add_invoice_items", ()), at)
    subscription, draft = change_subscription(store, ledger, subscription, changes, terms)
    if is_another_trial(subscription, params.get("trial_end")):
        store.put(subscription)
        behavior = params.get("proration_behavior", "create_prorations")
        subscription, draft = change_trial(
            store, ledger, subscription, params["trial_end"], behavior
        )
    kept = keep_scheduled(store, subscription, before)
    follow_update(store, kept)
    return kept, draft


def _terms(store: Store, subscription: StripeObject, params: StripeObject, at: int) -> Terms:
    """When the change counts from and how it is billed."""
    prorate_at = params.get("proration_date", at)
    items = items_of(store, subscription)
    start = max(item["current_period_start"] for item in items)
    end = min(item["current_period_end"] for item in items)
    if "proration_date" in params and not start <= prorate_at <= end:
        raise Refused(
            "The `proration_date` must be within the current billing period.",
            param="proration_date",
        )
    anchor, behavior = params.get("billing_cycle_anchor"), params.get("proration_behavior")
    if subscription["status"] == "paused" or (
        subscription["status"] == "trialing" and "trial_end" in params
    ):
        # What is owed then is billed as the pause or the trial ends, or not yet.
        behavior = "none"
    return Terms(
        at=at,
        prorate_at=prorate_at,
        behavior=behavior or "create_prorations",
        resets_anchor=None if anchor is None else anchor["type"] == "now",
    )


def _collect(store: Store, draft: StripeObject, payment_behavior: str) -> None:
    """Finalise the invoice of a change, and charge it unless the customer is to confirm that."""
    at = store.now(draft["customer"])
    if payment_behavior != "default_incomplete" or draft["amount_due"] == 0:
        collect(store, draft, at)
    else:
        follow_payment(store, request_payment(store, finalize(store, draft, at), at), at)


def _check_paid(store: Store, changed: StripeObject, known: str | None) -> None:
    """Refuse the change if it made an invoice that could not be collected."""
    invoice = new_invoice(store, changed["id"], known)
    if invoice is not None and is_unpaid(invoice):
        raise undone_refusal(store, invoice)
