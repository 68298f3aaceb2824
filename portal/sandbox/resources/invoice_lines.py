"""The lines of an invoice, which can be added, changed and removed while it is a draft.

https://docs.stripe.com/api/invoice-line-item
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.manual_invoices import changed
from portal.sandbox.fields import merged_metadata
from portal.sandbox.http.paging import Listing
from portal.sandbox.included import lines_of
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.invoice_item_changes import change_item, remove_item, require_draft
from portal.sandbox.resources.invoice_item_shape import make_item
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_FIELDS = (
    "amount description discountable discounts metadata period price_data pricing quantity "
    "quantity_decimal tax_rates"
).split()
_OF_LINES = " ".join(f"lines.{name}" for name in _FIELDS)


@routes.get("/v1/invoices/{id}/lines", "InvoiceLineItemListParams")
def list_lines(call: Call, id: str) -> Listing:
    """All lines of an invoice, or of a recent preview, in their order."""
    invoice = call.previews.get(id)
    if invoice is None:
        invoice = lookup.get(call.store, "invoice", id, path_param="invoice")
    return Listing(lines_of(call.store, invoice), "line_item")


@routes.post(
    "/v1/invoices/{id}/add_lines",
    "InvoiceAddLinesParams",
    f"invoice_metadata lines.invoice_item {_OF_LINES}",
)
def add_lines(call: Call, id: str) -> StripeObject:
    """Add lines to a draft: new ones, or invoice items that wait."""
    draft = _draft(call, id)
    for position, asked in enumerate(call.params["lines"]):
        param = f"lines[{position}]"
        if "invoice_item" in asked:
            _take(call.store, draft, asked, param)
        else:
            _make(call.store, draft, asked, param)
    return changed(call.store, draft)


@routes.post(
    "/v1/invoices/{id}/update_lines",
    "InvoiceUpdateLinesParams",
    f"invoice_metadata lines.id {_OF_LINES}",
)
def update_lines(call: Call, id: str) -> StripeObject:
    """Change several lines of a draft at once."""
    draft = _draft(call, id)
    for position, asked in enumerate(call.params["lines"]):
        param = f"lines[{position}]"
        item = _item_behind(call.store, _line(call.store, draft, asked["id"], param), param)
        change_item(call.store, item, asked, param)
    return changed(call.store, draft)


@routes.post(
    "/v1/invoices/{id}/remove_lines",
    "InvoiceRemoveLinesParams",
    "invoice_metadata lines.behavior lines.id",
)
def remove_lines(call: Call, id: str) -> StripeObject:
    """Take lines off a draft: for good, or to wait for another invoice."""
    draft = _draft(call, id)
    for position, asked in enumerate(call.params["lines"]):
        param = f"lines[{position}]"
        item = _item_behind(call.store, _line(call.store, draft, asked["id"], param), param)
        if asked["behavior"] == "delete":
            remove_item(call.store, item)
        else:
            call.store.put(item | {"invoice": None})
    return changed(call.store, draft)


@routes.post("/v1/invoices/{id}/lines/{line}", "InvoiceLineItemUpdateParams", " ".join(_FIELDS))
def update_line(call: Call, id: str, line: str) -> StripeObject:
    """Change one line of a draft."""
    draft = lookup.get(call.store, "invoice", id, path_param="invoice")
    require_draft(draft)
    known = lookup.get(call.store, "line_item", line)
    if known["invoice"] != id:
        raise lookup.no_such("line_item", line)
    change_item(call.store, _item_behind(call.store, known, ""), call.params)
    changed(call.store, draft)
    return lookup.get(call.store, "line_item", line)


def _draft(call: Call, id: str) -> StripeObject:
    """The draft whose lines the request is about, with the metadata that comes along."""
    draft = lookup.get(call.store, "invoice", id, path_param="invoice")
    require_draft(draft)
    if not call.params["lines"]:
        raise Refused("Missing required param: lines.", code="parameter_missing", param="lines")
    asked = call.params.get("invoice_metadata")
    if asked is not None:
        draft["metadata"] = merged_metadata(draft["metadata"], asked)
    return draft


def _line(store: Store, draft: StripeObject, id: str, param: str) -> StripeObject:
    line = lookup.named(store, "line_item", id, f"{param}[id]")
    if line["invoice"] != draft["id"]:
        raise lookup.no_such("line_item", id, param=f"{param}[id]")
    return line


def _item_behind(store: Store, line: StripeObject, param: str) -> StripeObject:
    """The invoice item that the line stands for; what a subscription charges has none."""
    item = store.get("invoiceitem", line["_slot"])
    if item is None:
        raise NotSupported(
            "This sandbox does not change the lines that a subscription's items make.",
            param=f"{param}[id]" if param else "line",
        )
    return item


def _take(store: Store, draft: StripeObject, asked: StripeObject, param: str) -> None:
    where = f"{param}[invoice_item]"
    item = lookup.named(store, "invoiceitem", asked["invoice_item"], where)
    if item["customer"] != draft["customer"] or item["currency"] != draft["currency"]:
        raise lookup.no_such("invoiceitem", item["id"], param=where)
    if item["invoice"] is not None:
        raise Refused("This invoice item is on an invoice already.", param=where)
    others = asked.keys() - {"invoice_item"}
    if others:
        item = change_item(store, item, {name: asked[name] for name in others}, param)
    store.put(item | {"invoice": draft["id"]})


def _make(store: Store, draft: StripeObject, asked: StripeObject, param: str) -> None:
    customer = lookup.get(store, "customer", draft["customer"])
    make_item(store, customer, asked, draft, param)
