"""How it is with a customer's subscription: on trial, past due, paused, ending or over."""

from collections.abc import Sequence
from datetime import datetime

from portal.clock import from_epoch
from portal.database import Session
from portal.mirror import queries
from portal.mirror.tables import Invoice, Subscription
from portal.money import Money
from portal.services.reports import NO_SUBSCRIPTION, Standing
from portal.stripe_ids import CustomerId, SubscriptionId

# The statuses of a subscription that bills no more (https://docs.stripe.com/api/subscriptions/object).
_OVER = frozenset({"canceled", "incomplete_expired"})


async def find_standing(
    session: Session, customer: CustomerId, subscription: Subscription | None
) -> Standing:
    """The standing of a live subscription, or of the customer's latest when none is live."""
    if subscription is None:
        subscription = await queries.find_latest_subscription(session, customer)
    if subscription is None:
        return NO_SUBSCRIPTION
    invoices = await queries.list_open_invoices(session, SubscriptionId(subscription.id))
    return standing_of(subscription, invoices)


def standing_of(subscription: Subscription, unpaid: Sequence[Invoice] = ()) -> Standing:
    """The standing that follows from a subscription and its finalized invoices not yet paid."""
    attempts = [one.next_payment_attempt for one in unpaid if one.next_payment_attempt]
    state, at = _state(subscription)
    ends_at, trial_end = subscription.cancel_at, subscription.trial_end
    return Standing(
        state=state,
        at=at,
        ends_with_trial=bool(ends_at and trial_end and ends_at <= trial_end),
        owed=_owed(unpaid),
        next_attempt=min(attempts, default=None),
    )


def _state(subscription: Subscription) -> tuple[str, datetime | None]:
    status = subscription.status
    if status in _OVER:
        return status, subscription.ended_at
    if status == "trialing":
        return status, subscription.trial_end
    if status != "active":
        return status, None
    pause = subscription.stripe_object.get("pause_collection")
    if pause:
        resumes_at = pause.get("resumes_at")
        return "not collecting", from_epoch(resumes_at) if resumes_at else None
    # Set for an end with the period too (https://docs.stripe.com/billing/subscriptions/cancel).
    ends_at = subscription.cancel_at
    return ("ending", ends_at) if ends_at else (status, None)


def _owed(unpaid: Sequence[Invoice]) -> Money | None:
    amount = sum(one.amount_remaining for one in unpaid)
    return Money(amount, unpaid[0].currency) if amount else None
