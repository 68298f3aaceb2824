"""A new subscription: its first periods and its first invoice.

https://docs.stripe.com/billing/subscriptions/overview. What starts in the past is billed for the
time since: in flexible mode period by period, in classic mode with one line
(https://docs.stripe.com/billing/subscriptions/backdating).
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.charges import (
    Charge,
    advance_charge,
    first_charges,
    is_given,
    is_in_trial,
    is_metered,
    measured,
    newest_items,
    period_end,
    price_of,
)
from portal.sandbox.billing.collection import collect
from portal.sandbox.billing.drafts import issue_draft, wait_for_usage
from portal.sandbox.billing.first_setups import ask_for_card
from portal.sandbox.billing.invoice_items import pending_items
from portal.sandbox.billing.invoices import Occasion, finalize
from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.billing.payer import require_payment_method
from portal.sandbox.billing.payment import pay, request_payment
from portal.sandbox.billing.periods import period_holding
from portal.sandbox.billing.proration import is_flexible
from portal.sandbox.billing.renewal import keep_scheduled
from portal.sandbox.billing.standing import good_standing
from portal.sandbox.billing.trials import can_be_charged, tell_if_near
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
Span = tuple[int, int]
# https://docs.stripe.com/billing/subscriptions/backdating: the most lines of an invoice.
_MOST_LINES = 250


def start_subscription(
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    payment_behavior: str = "allow_incomplete",
    *,
    in_request: bool = True,
) -> StripeObject:
    """Begin the first period of a subscription that is kept with its items, and bill it.

    The first invoice is finalised and paid at once, or waits for its customer when that is asked
    for (`default_incomplete`); one that is sent, or is of a schedule instead of a request, stays a
    draft for the grace. There is none when nothing is owed. Raises Refused when there is something
    to charge and nothing to charge it to, unless nobody is there to be told so.
    """
    at, told = subscription["created"], None
    begin_periods(store, subscription, at)
    charges = list(opening_charges(store, ledger, subscription, at))
    if charges or _extras(store, subscription):
        occasion = Occasion("subscription_create", at, start=at)
        draft = issue_draft(store, ledger, subscription, charges, occasion, with_pending=True)
        if in_request and payment_behavior != "default_incomplete":
            require_payment_method(store, draft)
        status = good_standing(subscription, at)
        is_draft = not in_request or draft["collection_method"] == "send_invoice"
        if draft["amount_due"] > 0 and not is_draft:
            status = "incomplete"
        before = presented(store, subscription)
        store.put(subscription | {"latest_invoice": draft["id"], "status": status})
        if is_draft:
            # https://docs.stripe.com/api/subscriptions/create
            wait_for_usage(store, ledger, draft | {"_was_draft": True})
        elif payment_behavior == "default_incomplete":
            _await_confirmation(store, draft, at)
        else:
            collect(store, draft, at)
        subscription = store.get("subscription", subscription["id"]) or subscription
        # Where paying has changed the status, that has been told already.
        told = before if subscription["status"] == status else None
    if payment_behavior == "default_incomplete" and subscription["status"] != "incomplete":
        subscription = _with_card(store, subscription)
    return tell_if_near(store, keep_scheduled(store, subscription, told), at)


def owes_at_once(store: Store, subscription: StripeObject) -> bool:
    """Whether a first invoice is to be charged before the subscription counts as begun."""
    charges = first_charges(store, subscription)
    extras = _extras(store, subscription)
    owes = any(not charge.is_free for charge in charges) or any(one["amount"] for one in extras)
    return owes and subscription["collection_method"] == "charge_automatically"


def begin_periods(store: Store, subscription: StripeObject, at: int) -> None:
    """Put every item into the period that holds the moment at which the subscription starts."""
    for item in newest_items(store, subscription):
        start, end = _spans(subscription, price_of(store, item), at)[-1]
        store.put(item | {"current_period_start": start, "current_period_end": end})


def opening_charges(
    store: Store, ledger: UsageLedger, subscription: StripeObject, at: int
) -> Iterator[Charge]:
    """What a new subscription owes at once: its licensed items, and past periods when backdated.

    Usage is billed in advance nowhere, but classic mode names every metered item with a zero line.
    """
    for item in newest_items(store, subscription):
        price = price_of(store, item)
        for start, end in _spans(subscription, price, at):
            charge = _opening_charge(subscription, item, price, (start, end), at)
            if _is_owed(store, ledger, subscription, charge):
                yield charge


def _opening_charge(
    subscription: StripeObject, item: StripeObject, price: StripeObject, span: Span, at: int
) -> Charge:
    start, end = span
    if is_metered(price):
        counted_to = None if end <= at else start
        free = is_in_trial(subscription, start)
        return Charge(item, price, Decimal(0), start, end, counted_to=counted_to, is_free=free)
    charge = advance_charge(subscription, item, price, start, end)
    if charge.whole is None or is_flexible(subscription) or start >= at:
        return charge
    # Classic mode imagines periods that begin with the past start.
    count, imagined = 0, period_holding(start, price["recurring"], start)
    while imagined[1] <= end:
        count, imagined = count + 1, period_holding(start, price["recurring"], imagined[1])
    return replace(charge, whole=imagined[1] - imagined[0], whole_periods=count)


def _is_owed(store: Store, ledger: UsageLedger, subscription: StripeObject, charge: Charge) -> bool:
    if is_given(subscription, charge):
        return False
    if is_metered(charge.price) and is_flexible(subscription):
        return bool(measured(store, ledger, subscription["customer"], charge).quantity)
    return True


def _spans(subscription: StripeObject, price: StripeObject, at: int) -> list[Span]:
    """The item's periods from the subscription's start to the one that holds the moment."""
    spans: list[Span] = []
    start = subscription["start_date"]
    while not spans or start <= at:
        end = period_end(subscription, price, start)
        spans.append((start, end))
        start = end
        if len(spans) > _MOST_LINES:
            raise Refused(
                f"Backdating is not supported when an invoice would have more than {_MOST_LINES} "
                "line items.",
                param="backdate_start_date",
            )
    return spans if is_flexible(subscription) else _merged(subscription, spans, at)


def _merged(subscription: StripeObject, spans: list[Span], at: int) -> list[Span]:
    """Classic mode's one span up to the anchor, and the period after it where that has begun."""
    anchor, (start, _), (_, end) = subscription["billing_cycle_anchor"], spans[0], spans[-1]
    if start < at < anchor or len(spans) == 1:
        return [(start, end)]
    return [(start, spans[-1][0]), spans[-1]]


def _extras(store: Store, subscription: StripeObject) -> list[StripeObject]:
    """The invoice items that were added along with the subscription."""
    waiting = pending_items(store, subscription["customer"], subscription["id"])
    return [item for item in waiting if subscription_of(item) == subscription["id"]]


def _with_card(store: Store, subscription: StripeObject) -> StripeObject:
    """The subscription, which asks for a card where it has none to be charged later."""
    return (
        subscription if can_be_charged(store, subscription) else ask_for_card(store, subscription)
    )


def _await_confirmation(store: Store, draft: StripeObject, at: int) -> None:
    """Finalise the first invoice and leave its payment to the customer."""
    invoice = finalize(store, draft, at)
    if invoice["amount_remaining"] > 0:
        request_payment(store, invoice, at)
    else:
        pay(store, invoice, at)
