"""The billing cycle: a subscription's renewals and everything else that falls due on a clock.

https://docs.stripe.com/billing/subscriptions/usage-based/configure-grace-period
"""

from collections.abc import Callable
from typing import Any

from portal.sandbox.billing import checkout, discounts, intents
from portal.sandbox.billing.acknowledgement import awaits_first_answer, hold_back
from portal.sandbox.billing.arrivals import heed_usage
from portal.sandbox.billing.charges import cycle_charges, ends_by
from portal.sandbox.billing.collection import collect, pause_behavior
from portal.sandbox.billing.credits import expire_grant
from portal.sandbox.billing.drafts import issue_draft, refresh, wait_for_usage
from portal.sandbox.billing.invoice_items import has_pending, pending_items
from portal.sandbox.billing.invoice_states import void
from portal.sandbox.billing.invoices import Occasion
from portal.sandbox.billing.pausing import give_up_resuming
from portal.sandbox.billing.payment import retry
from portal.sandbox.billing.pending_updates import discard_update
from portal.sandbox.billing.phases import enter_at_boundary, enter_midway
from portal.sandbox.billing.renewal import (
    CONFIRMED_WITHIN,
    end_subscription,
    is_over,
    keep_scheduled,
    next_moment,
    roll_periods,
    start_of_period,
    with_pending_interval,
)
from portal.sandbox.billing.schedules import begin_next_phase
from portal.sandbox.billing.standing import expire_incomplete, miss_due_date
from portal.sandbox.billing.trials import leave_trial, tell_if_near
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]


def run_due(store: Store, ledger: UsageLedger, upto: int, clock_id: str | None) -> None:
    """Do everything that is due on a clock up to a moment, each thing as of its own moment.

    `clock_id` names a test clock; None is the clock of all customers without one.
    """
    heed_usage(store, ledger)
    while (due := store.first_due(clock_id)) is not None and due["_due_at"] <= upto:
        WHEN_DUE[due["object"]](store, ledger, due)


def advance(store: Store, ledger: UsageLedger, test_clock: StripeObject, to: int) -> StripeObject:
    """Move a test clock forward, standing still at everything that happens on the way.

    It stops short where an invoice waits for the first answer to its `invoice.created`.
    """
    # What has been used so far is heeded at the moment that the clock leaves.
    heed_usage(store, ledger)
    clock_id = test_clock["id"]
    while (due := store.first_due(clock_id)) is not None and due["_due_at"] <= to:
        if awaits_first_answer(store, clock_id):
            return _set_clock(store, clock_id, store.now({"test_clock": clock_id}))
        _set_clock(store, clock_id, due["_due_at"])
        run_due(store, ledger, due["_due_at"], clock_id)
    return _set_clock(store, clock_id, to)


def _visit(store: Store, ledger: UsageLedger, subscription: StripeObject) -> None:
    """Do with a subscription what its moment has come for, one thing after the other."""
    at, before = subscription["_due_at"], presented(store, subscription)
    for step in _STEPS:
        subscription = step(store, ledger, subscription, at)
        if is_over(subscription):
            return
    keep_scheduled(store, subscription, before)


def _expire(
    store: Store, _ledger: UsageLedger, subscription: StripeObject, at: int
) -> StripeObject:
    """Give up a subscription whose first payment was not confirmed in time."""
    if subscription["status"] != "incomplete" or at < subscription["created"] + CONFIRMED_WITHIN:
        return subscription
    invoice = store.get("invoice", subscription["latest_invoice"] or "")
    if invoice is not None and invoice["status"] == "open":
        void(store, invoice, at)
    kept = store.get("subscription", subscription["id"]) or subscription
    return kept if is_over(kept) else expire_incomplete(store, kept, at)


def _end_pauses(
    store: Store, _ledger: UsageLedger, subscription: StripeObject, at: int
) -> StripeObject:
    """Collect again when that is due; give up a resumption that was not paid."""
    paused = subscription["pause_collection"]
    if paused is not None and (paused["resumes_at"] or at + 1) <= at:
        subscription = store.put(subscription | {"pause_collection": None})
    if (subscription.get("_resumes_until") or at + 1) <= at:
        subscription = give_up_resuming(store, subscription, at)
    return subscription


def _expire_update(
    store: Store, _ledger: UsageLedger, subscription: StripeObject, at: int
) -> StripeObject:
    """Give up an update that waited too long for its payment."""
    pending = subscription["pending_update"]
    if pending is not None and pending["expires_at"] <= at:
        discard_update(store, subscription, at)
    return store.get("subscription", subscription["id"]) or subscription


def _pass_trial(
    store: Store, _ledger: UsageLedger, subscription: StripeObject, at: int
) -> StripeObject:
    """Tell of a trial that ends soon, or leave it when it is over."""
    return leave_trial(store, tell_if_near(store, subscription, at), at)


def _renew(store: Store, ledger: UsageLedger, subscription: StripeObject, at: int) -> StripeObject:
    """Draft the invoice of a period boundary, then begin the next period or end.

    A schedule's next phase begins then too, or between two boundaries.
    """
    if subscription["status"] == "paused" and ends_by(subscription, at):
        return end_subscription(store, subscription, at)
    due = next_moment(store, subscription)
    subscription, phase = begin_next_phase(store, subscription, at)
    if due is None or due > at:
        if phase is None:
            return subscription
        changed, draft = enter_midway(store, subscription, phase, ledger, at)
        return changed if draft is None else _drafted(store, ledger, changed, draft)
    occasion = Occasion("subscription_cycle", at, start_of_period(store, subscription))
    if phase is None or ends_by(subscription, at):
        charges = list(cycle_charges(store, subscription, at))
    else:
        subscription, charges = enter_at_boundary(store, subscription, phase, ledger, at)
    if charges or has_pending(store, subscription):
        draft = issue_draft(store, ledger, subscription, charges, occasion, with_pending=True)
        subscription = _drafted(store, ledger, subscription, draft)
    if ends_by(subscription, at):
        return end_subscription(store, subscription, at)
    roll_periods(store, subscription, at)
    return subscription


def _drafted(
    store: Store, ledger: UsageLedger, subscription: StripeObject, draft: StripeObject
) -> StripeObject:
    """The subscription with its new draft, which waits for usage unless it is not collected."""
    if pause_behavior(store, draft) is None:
        wait_for_usage(store, ledger, draft)
    else:
        collect(store, draft, draft["created"])
    # A discount that is given once is gone when its invoice is final.
    kept = store.get("subscription", subscription["id"]) or subscription
    return subscription | {"discounts": kept["discounts"], "latest_invoice": draft["id"]}


def _bill_pending(
    store: Store, ledger: UsageLedger, subscription: StripeObject, at: int
) -> StripeObject:
    """Invoice what is pending between two boundaries, where the subscription asks for that."""
    moment = subscription["next_pending_invoice_item_invoice"]
    if moment is None or moment > at or next_moment(store, subscription) is None:
        return subscription
    if pending_items(store, subscription["customer"], subscription["id"]):
        start = start_of_period(store, subscription)
        occasion = Occasion("automatic_pending_invoice_item_invoice", at, start)
        draft = issue_draft(store, ledger, subscription, [], occasion, with_pending=True)
        subscription = _drafted(store, ledger, subscription, draft)
    return with_pending_interval(subscription, at)


def _advance_invoice(store: Store, ledger: UsageLedger, invoice: StripeObject) -> None:
    """Finalise and collect a draft whose grace is over; try again what could not be collected."""
    if invoice["status"] == "open" and invoice["collection_method"] == "send_invoice":
        miss_due_date(store, invoice)
    elif invoice["status"] != "draft":
        retry(store, invoice, invoice["_due_at"])
    elif not hold_back(store, invoice):
        collect(store, refresh(store, ledger, invoice), invoice["_due_at"])


def _set_clock(store: Store, clock_id: str, moment: int) -> StripeObject:
    test_clock = store.get("test_helpers.test_clock", clock_id) or {}
    return store.put(test_clock | {"frozen_time": moment})


# What a subscription may be visited for, in this order: a trial is over before its end is billed.
_STEPS: tuple[Callable[[Store, UsageLedger, StripeObject, int], StripeObject], ...] = (
    _expire,
    _expire_update,
    _end_pauses,
    _pass_trial,
    _renew,
    _bill_pending,
)
# What is done with an object, by its kind, when its `_due_at` has come. It must move that on.
WHEN_DUE: dict[str, Callable[[Store, UsageLedger, StripeObject], object]] = {
    "billing.credit_grant": lambda store, _, grant: expire_grant(store, grant, grant["_due_at"]),
    "charge": lambda store, _, charge: intents.book(store, charge),
    discounts.END: lambda store, _, ending: discounts.end_discount(store, ending),
    "checkout.session": lambda store, _, session: checkout.expire(store, session),
    "invoice": _advance_invoice,
    "subscription": _visit,
}
