"""Previews of invoices: https://docs.stripe.com/api/invoices/create_preview."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.cancellation import cancel_subscription
from portal.sandbox.billing.drafts import keep_lines
from portal.sandbox.billing.invoice_items import pending_items
from portal.sandbox.billing.preview import (
    new_invoice,
    next_invoice,
    nothing_to_bill,
    pictured,
)
from portal.sandbox.billing.redemption import Purchase, apply_discounts
from portal.sandbox.billing.renewal import keep_scheduled
from portal.sandbox.billing.starting import start_subscription
from portal.sandbox.fields import ADDRESS, group
from portal.sandbox.included import lines_of
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.customers import create_customer
from portal.sandbox.resources.preview_items import PREVIEW_ITEM_PARAMS, add_previewed_items
from portal.sandbox.resources.subscription_item_shape import ITEM_PARAMS
from portal.sandbox.resources.subscription_updates import apply
from portal.sandbox.resources.subscriptions import begin_subscription
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_DETAILS = "subscription_details"
_CHANGES = ("billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "default_tax_rates",
            "items", "metadata", "proration_behavior", "proration_date", "trial_end")  # fmt: skip
_OF_DETAILS = (*_CHANGES, "billing_mode", "cancel_now", "start_date")
_ITEMS = (*ITEM_PARAMS, "clear_usage", "deleted", "id")
_ACTS_ON = " ".join(
    (
        "automatic_tax.enabled currency customer customer_details.address "
        "customer_details.shipping customer_details.tax_exempt discounts preview_mode "
        "subscription",
        *(f"invoice_items.{name}" for name in PREVIEW_ITEM_PARAMS),
        *(f"{_DETAILS}.{name}" for name in _OF_DETAILS if name != "items"),
        *(f"{_DETAILS}.items.{name}" for name in _ITEMS),
    )
)


@routes.post("/v1/invoices/create_preview", "InvoiceCreatePreviewParams", _ACTS_ON)
def create_preview(call: Call) -> StripeObject:
    """What would be invoiced: next, or at once by a change, or for a new subscription."""
    if call.params.get("automatic_tax", {}).get("enabled"):
        raise NotSupported(
            "This sandbox does not calculate taxes by itself.", param="automatic_tax[enabled]"
        )
    details = call.params.get(_DETAILS, {})
    with call.store.speculating():
        if "subscription" in call.params:
            subscription = _known(call)
            _apply_customer_details(call, subscription["customer"])
            draft = _changed(call, subscription, details)
        else:
            draft = _started(call, details)
        if "discounts" in call.params:
            draft = _with_discounts(call, draft)
        preview = pictured(call.store, draft)
    if _is_prorated(preview, details):
        told = details.get("proration_date", call.store.now(preview["customer"]))
        preview["parent"][_DETAILS]["subscription_proration_date"] = told
    call.previews.keep(preview)
    return preview


def _known(call: Call) -> StripeObject:
    """The subscription that the request names, which must be the customer's it names too."""
    wanted = call.params["subscription"]
    subscription = lookup.named(call.store, "subscription", wanted, "subscription")
    owner = call.params.get("customer", subscription["customer"])
    lookup.named(call.store, "customer", owner, "customer")
    if owner != subscription["customer"]:
        raise lookup.no_such("subscription", wanted, param="subscription")
    return subscription


def _changed(call: Call, subscription: StripeObject, details: StripeObject) -> StripeObject:
    """The invoice that a change makes at once, or the next one after it."""
    _check_details(details)
    store, ledger, known = call.store, call.ledger, subscription["latest_invoice"]
    _add_items(call, subscription)
    if details.get("cancel_now"):
        prorate = details.get("proration_behavior") != "none"
        cancel_subscription(store, ledger, subscription, invoice_now=True, prorate=prorate)
        made = new_invoice(store, subscription["id"], known)
        if made is None:
            raise nothing_to_bill(subscription["customer"])
        return made
    params = {name: details[name] for name in _CHANGES if name in details}
    is_recurring = call.params.get("preview_mode") == "recurring"
    if is_recurring:
        params["proration_behavior"] = "none"
    if params:
        apply(store, ledger, subscription, params, f"{_DETAILS}[items][{{}}]")
    made = new_invoice(store, subscription["id"], known)
    if made is not None and not is_recurring:
        return made
    if is_recurring:
        _forget_pending(call, subscription)
    return next_invoice(store, ledger, lookup.get(store, "subscription", subscription["id"]))


def _started(call: Call, details: StripeObject) -> StripeObject:
    """The first invoice of a subscription that does not exist yet, or its first renewal."""
    if not details.get("items"):
        raise Refused(
            "Missing required param: subscription.", code="parameter_missing", param="subscription"
        )
    params = {name: details[name] for name in _CHANGES if name in details}
    params["customer"] = call.params.get("customer") or _somebody(call)
    params |= {name: call.params[name] for name in ("currency",) if name in call.params}
    params |= _start_of(call, details)
    _apply_customer_details(call, params["customer"])
    subscription = begin_subscription(call.store, params)
    _add_items(call, subscription)
    # Whether there is a card does not matter to a preview.
    start_subscription(call.store, call.ledger, subscription, "default_incomplete")
    made = new_invoice(call.store, subscription["id"], None)
    if made is not None and call.params.get("preview_mode") != "recurring":
        return made
    kept = lookup.get(call.store, "subscription", subscription["id"])
    active = keep_scheduled(call.store, kept | {"status": "active"})
    return next_invoice(call.store, call.ledger, active)


def _start_of(call: Call, details: StripeObject) -> StripeObject:
    """When the new subscription starts and what it is anchored to, in the words of creating it."""
    found: StripeObject = {}
    if "billing_mode" in details:
        found["billing_mode"] = details["billing_mode"]
    anchor = details.get("billing_cycle_anchor", {})
    if anchor.get("type") == "timestamp":
        found["billing_cycle_anchor"] = anchor["timestamp"]
    if "start_date" in details:
        if details["start_date"] > call.store.now():
            raise NotSupported(
                "This sandbox previews no subscriptions that start in the future.",
                param=f"{_DETAILS}[start_date]",
            )
        found["backdate_start_date"] = details["start_date"]
    return found


def _somebody(call: Call) -> str:
    """A customer for the preview of what nobody in particular would pay."""
    nobody = Call(call.store, call.ledger, {}, call.previews)
    return str(create_customer(nobody)["id"])


def _check_details(details: StripeObject) -> None:
    """Refuse what says when to prorate and at the same time not to."""
    if "proration_date" in details and details.get("proration_behavior") == "none":
        raise Refused(
            "`proration_date` cannot be used with `proration_behavior` none.",
            param=f"{_DETAILS}[proration_date]",
        )


def _apply_customer_details(call: Call, customer: str) -> None:
    """Let the customer be as the request describes them."""
    asked = call.params.get("customer_details", {})
    known = lookup.named(call.store, "customer", customer, "customer")
    changed: StripeObject = {}
    if "tax_exempt" in asked:
        changed["tax_exempt"] = asked["tax_exempt"] or "none"
    if "address" in asked:
        changed["address"] = group(asked["address"], ADDRESS)
    if "shipping" in asked:
        names = ("address", "name", "phone")
        changed["shipping"] = group(asked["shipping"], names)
    if changed:
        call.store.put(known | changed)


def _add_items(call: Call, subscription: StripeObject) -> None:
    asked = call.params.get("invoice_items", ())
    if asked:
        customer = lookup.get(call.store, "customer", subscription["customer"])
        currency, id = subscription["currency"], subscription["id"]
        add_previewed_items(call.store, customer, asked, currency, id)


def _forget_pending(call: Call, subscription: StripeObject) -> None:
    """Leave out what is billed only once."""
    for item in pending_items(call.store, subscription["customer"], subscription["id"]):
        call.store.delete("invoiceitem", item["id"])


def _with_discounts(call: Call, draft: StripeObject) -> StripeObject:
    """The invoice with the discounts of the request instead of those that it has inherited."""
    customer = lookup.get(call.store, "customer", draft["customer"])
    purchase = Purchase(customer, draft["currency"])
    draft = apply_discounts(call.store, draft, call.params["discounts"], purchase)
    lines = lines_of(call.store, draft)
    return keep_lines(call.store, draft, lines, lines)


def _is_prorated(preview: StripeObject, details: StripeObject) -> bool:
    """Whether a change was previewed that is prorated from some moment on."""
    lines = (line["parent"] for line in preview["lines"])
    return bool(details) and any(parent[parent["type"]]["proration"] for parent in lines)
