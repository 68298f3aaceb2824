"""Previews of invoices: https://docs.stripe.com/api/invoices/create_preview.

What a request describes is really done and then undone (billing/preview.py).
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.drafts import keep_lines
from portal.sandbox.billing.preview import pictured
from portal.sandbox.billing.redemption import Purchase, apply_discounts
from portal.sandbox.included import lines_of
from portal.sandbox.resources.preview_items import PREVIEW_ITEM_PARAMS
from portal.sandbox.resources.preview_rules import DETAILS, check_parameters
from portal.sandbox.resources.previewed_changes import (
    DETAILS_PARAMS,
    SCHEDULE_PARAMS,
    invoice_of_change,
    invoice_of_new,
    invoice_of_schedule,
)
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_ACTS_ON = " ".join(
    (
        "automatic_tax.enabled currency customer customer_details.address "
        "customer_details.shipping customer_details.tax_exempt discounts preview_mode schedule "
        "subscription",
        *(f"invoice_items.{name}" for name in PREVIEW_ITEM_PARAMS),
        *(f"{DETAILS}.{name}" for name in DETAILS_PARAMS),
        *(f"schedule_details.{name}" for name in SCHEDULE_PARAMS),
    )
)


@routes.post("/v1/invoices/create_preview", "InvoiceCreatePreviewParams", _ACTS_ON)
def create_preview(call: Call) -> StripeObject:
    """What would be invoiced: next, or at once by a change, or for a new subscription."""
    check_parameters(call.params)
    with call.store.speculating():
        draft = _invoice(call)
        if "discounts" in call.params:
            draft = _with_discounts(call, draft)
        preview = pictured(call.store, draft)
    details = call.params.get(DETAILS, {})
    if _is_prorated(preview, details):
        told = details.get("proration_date", call.store.now(preview["customer"]))
        preview["parent"][DETAILS]["subscription_proration_date"] = told
    call.previews.keep(preview)
    return preview


def _invoice(call: Call) -> StripeObject:
    if "schedule" in call.params or "schedule_details" in call.params:
        return invoice_of_schedule(call)
    if "subscription" in call.params:
        return invoice_of_change(call)
    return invoice_of_new(call)


def _with_discounts(call: Call, draft: StripeObject) -> StripeObject:
    """The invoice with the discounts of the request instead of those that it has inherited."""
    customer = lookup.get(call.store, "customer", draft["customer"])
    purchase = Purchase(customer, draft["currency"])
    draft = apply_discounts(call.store, draft, call.params["discounts"], purchase)
    lines = lines_of(call.store, draft)
    return keep_lines(call.store, draft, lines, lines)


def _is_prorated(preview: StripeObject, details: StripeObject) -> bool:
    """Whether a change was previewed that is prorated from some moment on."""
    parents = (line["parent"] for line in preview["lines"])
    return bool(details) and any(parent[parent["type"]]["proration"] for parent in parents)
