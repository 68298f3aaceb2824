"""Invoice items: https://docs.stripe.com/api/invoiceitems."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.manual_invoices import changed
from portal.sandbox.events import save_change
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_item_changes import (
    change_item,
    draft_of,
    remove_item,
    require_draft,
)
from portal.sandbox.resources.invoice_item_shape import make_item
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_CHANGEABLE = (
    "amount description discountable discounts metadata period price_data pricing quantity "
    "quantity_decimal tax_rates unit_amount_decimal"
)


@routes.post(
    "/v1/invoiceitems",
    "InvoiceItemCreateParams",
    f"{_CHANGEABLE} currency customer invoice subscription",
)
def create_invoice_item(call: Call) -> StripeObject:
    """Make an item that waits for the customer's next invoice, or stands on a draft at once."""
    store, params = call.store, call.params
    draft, subscription = _invoice(call), _subscription(call)
    customer = _owner(call, draft, subscription)
    made = make_item(store, customer, params, draft)
    if customer["currency"] is None:
        save_change(store, "customer.updated", customer | {"currency": made["currency"]})
    if draft is not None:
        changed(store, draft)
    return made


@routes.get("/v1/invoiceitems", "InvoiceItemListParams", "created customer invoice pending")
def list_invoice_items(call: Call) -> Listing:
    """Invoice items, newest first; the pending ones are on no invoice."""
    asked, store = call.params, call.store
    for kind in ("customer", "invoice"):
        lookup.check_filter(store, kind, asked)
    exact = {name: asked[name] for name in ("customer", "invoice") if name in asked}
    found = (
        item
        for item in store.each("invoiceitem", **exact)
        if asked.get("pending") in (None, item["invoice"] is None)
        and within(asked.get("created"), item["date"])
    )
    return Listing(found, "invoiceitem")


@routes.get("/v1/invoiceitems/{id}", "InvoiceItemRetrieveParams")
def retrieve_invoice_item(call: Call, id: str) -> StripeObject:
    """The invoice item, also when an invoice has it."""
    return lookup.get(call.store, "invoiceitem", id)


@routes.post("/v1/invoiceitems/{id}", "InvoiceItemUpdateParams", _CHANGEABLE)
def update_invoice_item(call: Call, id: str) -> StripeObject:
    """Change what the request names, also of an item that stands on a draft."""
    item = lookup.get(call.store, "invoiceitem", id)
    draft = draft_of(call.store, item)
    item = change_item(call.store, item, call.params)
    if draft is not None:
        changed(call.store, draft)
    return item


@routes.delete("/v1/invoiceitems/{id}", "InvoiceItemDeleteParams")
def delete_invoice_item(call: Call, id: str) -> StripeObject:
    """Delete an item that waits, or take it off its draft for good."""
    item = lookup.get(call.store, "invoiceitem", id)
    draft = draft_of(call.store, item)
    removed = remove_item(call.store, item)
    if draft is not None:
        changed(call.store, draft)
    return removed


def _invoice(call: Call) -> StripeObject | None:
    if "invoice" not in call.params:
        return None
    draft = lookup.named(call.store, "invoice", call.params["invoice"], "invoice")
    require_draft(draft)
    return draft


def _subscription(call: Call) -> StripeObject | None:
    if "subscription" not in call.params:
        return None
    wanted = call.params["subscription"]
    return lookup.named(call.store, "subscription", wanted, "subscription")


def _owner(
    call: Call, draft: StripeObject | None, subscription: StripeObject | None
) -> StripeObject:
    """The customer, whom an invoice or a subscription may name as well but not contradict."""
    of_others = [other["customer"] for other in (draft, subscription) if other]
    wanted = call.params.get("customer") or next(iter(of_others), None)
    if wanted is None:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = lookup.named(call.store, "customer", wanted, "customer")
    for kind, other in (("invoice", draft), ("subscription", subscription)):
        if other is not None and other["customer"] != customer["id"]:
            raise lookup.no_such(kind, other["id"], param=kind)
    return customer
