"""Invoices: https://docs.stripe.com/api/invoices.

The billing cycle makes those of subscriptions; here are those that a vendor makes by hand.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.acknowledgement import announce
from portal.sandbox.billing.invoice_items import pending_items
from portal.sandbox.billing.manual_invoices import (
    changed,
    manual_draft,
    next_try,
    rebuild,
    take_pending,
)
from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.events import save_change
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_settings import (
    SETTINGS,
    apply_settings,
    apply_timing,
    check_still_open,
    check_subscription,
)
from portal.sandbox.resources.price_rules import currency
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
_ACCOUNT_CURRENCY = "usd"
routes = Routes()


@routes.get(
    "/v1/invoices",
    "InvoiceListParams",
    "collection_method created customer due_date status subscription",
)
def list_invoices(call: Call) -> Listing:
    """Invoices, newest first."""
    asked = call.params
    for kind in ("customer", "subscription"):
        lookup.check_filter(call.store, kind, asked)
    names = ("collection_method", "customer", "status")
    exact = {name: asked[name] for name in names if name in asked}
    found = (
        invoice
        for invoice in call.store.each("invoice", **exact)
        if asked.get("subscription") in (None, subscription_of(invoice))
        and within(asked.get("created"), invoice["created"])
        and within(asked.get("due_date"), invoice["due_date"] or 0)
    )
    return Listing(found, "invoice")


@routes.post(
    "/v1/invoices",
    "InvoiceCreateParams",
    f"currency customer pending_invoice_items_behavior subscription {SETTINGS}",
)
def create_invoice(call: Call) -> StripeObject:
    """Make a draft by hand: empty, or with the invoice items that wait."""
    store, params = call.store, call.params
    subscription = None
    if "subscription" in params:
        wanted = params["subscription"]
        subscription = lookup.named(store, "subscription", wanted, "subscription")
    customer = _customer(call, subscription)
    at, code = store.now(customer), _currency(call, customer, subscription)
    draft = manual_draft(store, customer, at, currency=code, subscription=subscription)
    draft = apply_settings(store, draft, params)
    apply_timing(draft, params)
    store.put(draft)
    if params.get("pending_invoice_items_behavior") == "include":
        take_pending(store, draft, params.get("subscription"))
    return announce(store, rebuild(store, draft))


@routes.get("/v1/invoices/{id}", "InvoiceRetrieveParams")
def retrieve_invoice(call: Call, id: str) -> StripeObject:
    """The invoice with its first ten lines."""
    return lookup.get(call.store, "invoice", id, path_param="invoice")


@routes.post("/v1/invoices/{id}", "InvoiceUpdateParams", SETTINGS)
def update_invoice(call: Call, id: str) -> StripeObject:
    """Change a draft, or the little that is not fixed on a final invoice."""
    store, params = call.store, call.params
    known = lookup.get(store, "invoice", id)
    check_still_open(known, params)
    check_subscription(known, params)
    if params.keys() & {"auto_advance", "automatically_finalizes_at"}:
        # Nothing is collected by itself from a customer who is gone.
        lookup.get(store, "customer", known["customer"])
    invoice = apply_settings(store, known, params)
    if invoice["status"] != "draft":
        turned = invoice["auto_advance"] != known["auto_advance"]
        if turned and invoice["status"] == "open":
            invoice |= next_try(invoice, store.now(invoice["customer"]))
        return save_change(store, "invoice.updated", invoice)
    apply_timing(invoice, params)
    return changed(store, invoice)


@routes.delete("/v1/invoices/{id}", "InvoiceDeleteParams")
def delete_invoice(call: Call, id: str) -> StripeObject:
    """Delete a draft that was made by hand; its invoice items go with it."""
    draft = lookup.get(call.store, "invoice", id, path_param="invoice")
    if draft["status"] != "draft":
        raise Refused("You can only delete draft invoices.")
    if draft["billing_reason"] != "manual":
        raise Refused("You can't delete invoices created by subscriptions.")
    call.store.emit("invoice.deleted", draft)
    return call.store.put({"id": id, "object": "invoice", "deleted": True})


def _customer(call: Call, subscription: StripeObject | None) -> StripeObject:
    wanted = call.params.get("customer") or (subscription or {}).get("customer")
    if wanted is None:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = lookup.named(call.store, "customer", wanted, "customer")
    if subscription is not None and subscription["customer"] != customer["id"]:
        raise lookup.no_such("subscription", subscription["id"], param="subscription")
    return customer


def _currency(call: Call, customer: StripeObject, subscription: StripeObject | None) -> str:
    """The request's, the subscription's, the customer's, or that of what waits."""
    asked = currency(call.params["currency"]) if call.params.get("currency") else None
    waiting = pending_items(call.store, customer["id"])
    known = (subscription or {}).get("currency") or customer["currency"]
    return asked or known or (waiting[0]["currency"] if waiting else _ACCOUNT_CURRENCY)
