"""Invoices, for reading: https://docs.stripe.com/api/invoices.

They are made by the billing cycle alone.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.included import lines_of
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
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
        if asked.get("subscription") in (None, _subscription_of(invoice))
        and within(asked.get("created"), invoice["created"])
        and within(asked.get("due_date"), invoice["due_date"] or 0)
    )
    return Listing(found, "invoice")


@routes.get("/v1/invoices/{id}", "InvoiceRetrieveParams")
def retrieve_invoice(call: Call, id: str) -> StripeObject:
    """The invoice with its first ten lines."""
    return lookup.get(call.store, "invoice", id)


@routes.get("/v1/invoices/{id}/lines", "InvoiceLineItemListParams")
def list_lines(call: Call, id: str) -> Listing:
    """All lines of an invoice, or of a recent preview, in their order."""
    invoice = call.previews.get(id) or lookup.get(call.store, "invoice", id)
    return Listing(lines_of(call.store, invoice), "line_item")


def _subscription_of(invoice: StripeObject) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")
