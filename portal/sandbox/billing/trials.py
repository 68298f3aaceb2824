"""Free trials: told of before they end, ended by the clock or on request, and moved.

https://docs.stripe.com/billing/subscriptions/trials/free-trials
"""

from typing import Any

from portal.sandbox.billing.charges import final_charges, first_charges
from portal.sandbox.billing.drafts import issue_draft
from portal.sandbox.billing.invoices import Occasion
from portal.sandbox.billing.payer import payment_method_of
from portal.sandbox.billing.renewal import (
    TRIAL_TOLD_BEFORE,
    end_subscription,
    is_trial_to_be_told,
    start_of_period,
    start_periods,
)
from portal.sandbox.billing.unused_time import credit_unused_time
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def tell_if_near(store: Store, subscription: StripeObject, at: int) -> StripeObject:
    """Tell once of a trial that is over in three days or less."""
    is_near = (subscription["trial_end"] or 0) - TRIAL_TOLD_BEFORE <= at
    if not (is_trial_to_be_told(subscription) and is_near):
        return subscription
    told = store.put(subscription | {"_trial_told": subscription["trial_end"]})
    store.emit("customer.subscription.trial_will_end", told)
    return told


def leave_trial(store: Store, subscription: StripeObject, at: int) -> StripeObject:
    """Make the subscription an ordinary one when its trial is over.

    Without a payment method it is canceled or paused where its settings say so.
    """
    if subscription["status"] != "trialing" or subscription["trial_end"] > at:
        return subscription
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if behavior == "create_invoice" or can_be_charged(store, subscription):
        return store.put(subscription | {"status": "active"})
    if behavior == "cancel":
        return end_subscription(store, subscription, at)
    return pause(store, subscription, at, "trial_end_without_payment_method")


def can_be_charged(store: Store, subscription: StripeObject) -> bool:
    """Whether there is a payment method, or nobody is to be charged without being asked."""
    details = {"subscription_details": {"subscription": subscription["id"]}}
    asked = {"customer": subscription["customer"], "parent": details}
    is_sent = subscription["collection_method"] == "send_invoice"
    return is_sent or payment_method_of(store, asked) is not None


def pause(store: Store, subscription: StripeObject, at: int, reason: str) -> StripeObject:
    """Stop the subscription until it is resumed; nothing is billed meanwhile."""
    why = {"type": "subscription", "transitioned_at": at, "subscription": {"type": reason}}
    paused = store.put(subscription | {"status": "paused", "status_details": {"paused": why}})
    store.emit("customer.subscription.paused", paused)
    return paused


def is_another_trial(subscription: StripeObject, trial_end: int | str | None) -> bool:
    """Whether a request's `trial_end` makes a difference; None is none."""
    if trial_end in (None, "now"):
        return trial_end == "now" and bool(subscription["status"] == "trialing")
    return bool(trial_end != subscription["trial_end"])


def change_trial(
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    trial_end: int | str,
    proration_behavior: str = "create_prorations",
) -> tuple[StripeObject, StripeObject | None]:
    """End the subscription's trial now (`now`), move its end, or put it into a trial.

    Answers the changed subscription, kept with its items' new periods, and the draft of the
    invoice that comes of it; its moments are left to `keep_scheduled`. To end the trial of a
    subscription that is in none changes nothing.
    """
    at = store.now(subscription["customer"])
    is_trialing = subscription["status"] == "trialing"
    if not is_another_trial(subscription, trial_end):
        return subscription, None
    if not is_trialing and proration_behavior != "none":
        credit_unused_time(store, subscription, at)
    usage = [] if is_trialing else list(final_charges(store, subscription, at))
    moment = at if trial_end == "now" else int(trial_end)
    changed = store.put(_with_trial(subscription, moment, at))
    if trial_end == "now":
        store.emit("customer.subscription.trial_will_end", changed)
    changed = tell_if_near(store, changed, at)
    start_periods(store, changed, at)
    charges = [*usage, *first_charges(store, changed)]
    if not charges:
        return changed, None
    occasion = Occasion("subscription_update", at, start_of_period(store, subscription))
    with_pending = trial_end == "now" or proration_behavior == "always_invoice"
    draft = issue_draft(store, ledger, changed, charges, occasion, with_pending=with_pending)
    return store.put(changed | {"latest_invoice": draft["id"]}), draft


def _with_trial(subscription: StripeObject, trial_end: int, at: int) -> StripeObject:
    resets = subscription["trial_settings"]["end_behavior"]["billing_cycle_anchor"] != "unchanged"
    start = subscription["trial_start"] if subscription["status"] == "trialing" else at
    return subscription | {
        "billing_cycle_anchor": trial_end if resets else subscription["billing_cycle_anchor"],
        "status": "trialing" if trial_end > at else "active",
        "trial_end": trial_end,
        "trial_start": start,
    }
