"""Changing a subscription: https://docs.stripe.com/api/subscriptions/update."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.changing import change_subscription
from portal.sandbox.billing.drafts import complete
from portal.sandbox.billing.ending import schedule_the_end
from portal.sandbox.billing.invoices import finalize
from portal.sandbox.billing.item_changes import Terms
from portal.sandbox.billing.payment import decline_of, pay, request_payment
from portal.sandbox.billing.renewal import keep_scheduled
from portal.sandbox.billing.standing import follow_payment, is_unpaid
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.included import items_of
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.subscription_item_shape import ITEM_PARAMS, changed_items
from portal.sandbox.resources.subscription_shape import apply_settings
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
routes = Routes()
_ENDED = ("canceled", "incomplete_expired")
_DETAILS = "cancellation_details.comment cancellation_details.feedback"
_OF_A_CANCELED_ONE = frozenset(("cancellation_details", "metadata", "expand"))
_ITEMS = " ".join(f"items.{name}" for name in (*ITEM_PARAMS, "clear_usage", "deleted", "id"))


@routes.post(
    "/v1/subscriptions/{id}",
    "SubscriptionUpdateParams",
    f"automatic_tax.enabled billing_cycle_anchor cancel_at cancel_at_period_end {_DETAILS} "
    f"default_payment_method description {_ITEMS} metadata off_session payment_behavior "
    "proration_behavior proration_date trial_end",
)
def update_subscription(call: Call, id: str) -> StripeObject:
    """Change what the request names; what that makes due at once is invoiced and charged."""
    subscription = lookup.get(call.store, "subscription", id)
    if subscription["status"] in _ENDED and call.params.keys() - _OF_A_CANCELED_ONE:
        raise Refused(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    if call.params.get("trial_end", "now") != "now":
        raise NotSupported("This sandbox has no trials yet.", param="trial_end")
    return update(call.store, call.ledger, subscription, call.params)


def update(
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    params: StripeObject,
    prefix: str = "items[{}]",
) -> StripeObject:
    """Apply a change and collect what it makes due; `prefix` is where the request has items."""
    changed, draft = apply(store, ledger, subscription, params, prefix)
    if draft is not None:
        _collect(store, draft, params.get("payment_behavior", "allow_incomplete"))
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
    schedule_the_end(store, subscription, params)
    subscription, draft = change_subscription(store, ledger, subscription, changes, terms)
    return keep_scheduled(store, subscription, before), draft


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
    anchor = params.get("billing_cycle_anchor")
    return Terms(
        at=at,
        prorate_at=prorate_at,
        behavior=params.get("proration_behavior", "create_prorations"),
        resets_anchor=None if anchor is None else anchor["type"] == "now",
    )


def _collect(store: Store, draft: StripeObject, payment_behavior: str) -> None:
    """Finalise the invoice of a change, and charge it unless the customer is to confirm that."""
    at = store.now(draft["customer"])
    if payment_behavior == "default_incomplete":
        opened = request_payment(store, finalize(store, draft, at), at)
        if opened["amount_due"] == 0:
            pay(store, opened, at)
        else:
            follow_payment(store, opened, at)
        return
    invoice = complete(store, draft, at)
    if payment_behavior == "error_if_incomplete" and is_unpaid(invoice):
        reason = decline_of(store, invoice) or {"message": "Your card was declined."}
        raise Refused(**reason, status=402, type="card_error", decided=True)
