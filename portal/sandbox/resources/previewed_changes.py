"""What a preview asks for, done: a change, a new subscription, a schedule; only speculating.

https://docs.stripe.com/api/invoices/create_preview. Each answers with the invoice that it makes
at once, or else with the next one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.cancellation import cancel_subscription
from portal.sandbox.billing.invoice_items import pending_items
from portal.sandbox.billing.pausing import pause_subscription, resume_subscription
from portal.sandbox.billing.preview import (
    freeze,
    new_invoice,
    next_invoice,
    nothing_to_bill,
)
from portal.sandbox.billing.renewal import keep_scheduled
from portal.sandbox.billing.starting import start_subscription
from portal.sandbox.fields import ADDRESS, group
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.customers import create_customer
from portal.sandbox.resources.preview_items import add_previewed_items
from portal.sandbox.resources.preview_rules import DETAILS, check_change, check_new
from portal.sandbox.resources.schedule_changes import PHASES, replan
from portal.sandbox.resources.schedule_starts import start_when_due
from portal.sandbox.resources.subscription_item_shape import ITEM_PARAMS
from portal.sandbox.resources.subscription_pauses import (
    check_can_pause,
    pause_terms,
    resume_terms,
)
from portal.sandbox.resources.subscription_schedules import create_schedule
from portal.sandbox.resources.subscription_updates import apply
from portal.sandbox.resources.subscriptions import begin_subscription
from portal.sandbox.routes import Call

StripeObject = dict[str, Any]
_CHANGES = ("billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "default_tax_rates",
            "metadata", "proration_behavior", "proration_date", "trial_end")  # fmt: skip
DETAILS_PARAMS = (
    *_CHANGES,
    *("billing_mode", "cancel_now", "pause", "resume_at", "start_date"),
    *(f"items.{name}" for name in (*ITEM_PARAMS, "clear_usage", "deleted", "id")),
)
SCHEDULE_PARAMS = ("billing_mode", "end_behavior", "proration_behavior", *PHASES.split())


def invoice_of_change(call: Call) -> StripeObject:
    """A known subscription: as it is, changed, paused, resumed or canceled."""
    subscription = _known(call)
    check_change(subscription, call.params)
    details = call.params.get(DETAILS, {})
    _describe_customer(call, subscription["customer"])
    _add_items(call, subscription)
    if details.get("cancel_now"):
        prorate = details.get("proration_behavior") != "none"
        cancel_subscription(
            call.store, call.ledger, subscription, invoice_now=True, prorate=prorate
        )
    elif details.get("pause"):
        check_can_pause(subscription)
        pause_subscription(call.store, call.ledger, subscription, pause_terms(details["pause"]))
    elif "resume_at" in details:
        resume_subscription(
            call.store, call.ledger, subscription, resume_terms(call.store, subscription, details)
        )
    else:
        _change(call, subscription, details)
    return _made(call, subscription["id"], subscription["latest_invoice"])


def invoice_of_new(call: Call) -> StripeObject:
    """A subscription that does not exist yet: its first invoice."""
    details = call.params.get(DETAILS, {})
    check_new(details)
    asked = {*_CHANGES, "billing_mode", "items"} - {"billing_cycle_anchor"}
    params = {name: details[name] for name in asked & details.keys()}
    params |= {name: call.params[name] for name in ("currency",) if name in call.params}
    params["customer"] = customer = call.params.get("customer") or _somebody(call)
    _describe_customer(call, customer)
    params |= _start_of(call, customer, details)
    with _named_inside(DETAILS, details):
        subscription = begin_subscription(call.store, params)
    _add_items(call, subscription)
    # Whether there is a card does not matter to a preview.
    start_subscription(call.store, call.ledger, subscription, "default_incomplete")
    return _made(call, subscription["id"], None)


def invoice_of_schedule(call: Call) -> StripeObject:
    """A schedule as it is, as it is to be changed, or one that does not exist yet."""
    store, details = call.store, call.params.get("schedule_details", {})
    if "schedule" in call.params:
        wanted = call.params["schedule"]
        schedule = lookup.named(store, "subscription_schedule", wanted, "schedule")
        _describe_customer(call, schedule["customer"])
        with _named_inside("schedule_details", details):
            draft = replan(store, call.ledger, schedule, details) if details else None
        if draft is not None:
            return draft
        schedule = lookup.get(store, "subscription_schedule", wanted)
    else:
        customer = call.params.get("customer") or _somebody(call)
        _describe_customer(call, customer)
        asked = Call(store, call.ledger, details | {"customer": customer}, call.previews)
        with _named_inside("schedule_details", details):
            schedule = create_schedule(asked)
    known = schedule["subscription"]
    if known is None:
        freeze(store, schedule["customer"], schedule["phases"][0]["start_date"])
        schedule = start_when_due(store, call.ledger, schedule)
    return _made(call, schedule["subscription"], _latest(call, known))


def _change(call: Call, subscription: StripeObject, details: StripeObject) -> None:
    params = {name: details[name] for name in (*_CHANGES, "items") if name in details}
    if call.params.get("preview_mode") == "recurring":
        params["proration_behavior"] = "none"
    if params:
        with _named_inside(DETAILS, params):
            apply(call.store, call.ledger, subscription, params)


def _made(call: Call, id: str, known: str | None) -> StripeObject:
    """The subscription's invoice that has just been made, or the next one.

    What recurs is only ever on the next one, without anything that waited for an invoice.
    """
    store = call.store
    made, subscription = new_invoice(store, id, known), lookup.get(store, "subscription", id)
    is_over = subscription["status"] in ("canceled", "paused")
    if call.params.get("preview_mode") == "recurring" and not is_over:
        for item in pending_items(store, subscription["customer"], id):
            store.delete("invoiceitem", item["id"])
        if subscription["status"] == "incomplete":
            subscription = keep_scheduled(store, subscription | {"status": "active"})
        return next_invoice(store, call.ledger, subscription)
    if made is not None:
        return made
    if is_over:
        raise nothing_to_bill(subscription["customer"])
    return next_invoice(store, call.ledger, subscription)


@contextmanager
def _named_inside(group: str, asked: StripeObject) -> Iterator[None]:
    """Let refusals name parameters of the group as the preview's request has them."""
    try:
        yield
    except Refused as refusal:
        first, bracket, rest = str(refusal.fields.get("param")).partition("[")
        if first in asked:
            refusal.fields["param"] = f"{group}[{first}]{bracket}{rest}"
        raise


def _known(call: Call) -> StripeObject:
    """The subscription that the request names, which must be the customer's it names too."""
    wanted = call.params["subscription"]
    subscription = lookup.named(call.store, "subscription", wanted, "subscription")
    owner = call.params.get("customer", subscription["customer"])
    lookup.named(call.store, "customer", owner, "customer")
    if owner != subscription["customer"]:
        raise lookup.no_such("subscription", wanted, param="subscription")
    return subscription


def _latest(call: Call, subscription: str | None) -> str | None:
    found = call.store.look("subscription", subscription or "") or {}
    latest: str | None = found.get("latest_invoice")
    return latest


def _start_of(call: Call, customer: str, details: StripeObject) -> StripeObject:
    """When the new subscription starts and what it is anchored to, in the words of creating it."""
    found: StripeObject = {}
    anchor = details.get("billing_cycle_anchor", {})
    if anchor.get("type") == "timestamp":
        found["billing_cycle_anchor"] = anchor["timestamp"]
    start = details.get("start_date")
    if start is not None and start > call.store.now(customer):
        freeze(call.store, customer, start)
    elif start is not None:
        found["backdate_start_date"] = start
    return found


def _somebody(call: Call) -> str:
    """A customer for the preview of what nobody in particular would pay."""
    nobody = Call(call.store, call.ledger, {}, call.previews)
    return str(create_customer(nobody)["id"])


def _describe_customer(call: Call, customer: str) -> None:
    """Let the customer be as the request describes them."""
    asked = call.params.get("customer_details", {})
    known = lookup.named(call.store, "customer", customer, "customer")
    changed: StripeObject = {}
    if "tax_exempt" in asked:
        changed["tax_exempt"] = asked["tax_exempt"] or "none"
    if "address" in asked:
        changed["address"] = group(asked["address"], ADDRESS)
    if "shipping" in asked:
        changed["shipping"] = group(asked["shipping"], ("address", "name", "phone"))
    if changed:
        call.store.put(known | changed)


def _add_items(call: Call, subscription: StripeObject) -> None:
    asked = call.params.get("invoice_items", ())
    if asked:
        customer = lookup.get(call.store, "customer", subscription["customer"])
        currency, id = subscription["currency"], subscription["id"]
        add_previewed_items(call.store, customer, asked, currency, id)
