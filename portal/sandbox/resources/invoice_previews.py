"""Previews of invoices: https://docs.stripe.com/api/invoices/create_preview."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.preview import preview_invoice
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()


@routes.post("/v1/invoices/create_preview", "InvoiceCreatePreviewParams", "customer subscription")
def create_preview(call: Call) -> StripeObject:
    """The next invoice of a subscription, as it would be by the usage that counts now."""
    wanted = call.params.get("subscription")
    if wanted is None:
        raise Refused(
            "Missing required param: subscription.", code="parameter_missing", param="subscription"
        )
    subscription = lookup.named(call.store, "subscription", wanted, "subscription")
    owner = call.params.get("customer", subscription["customer"])
    lookup.named(call.store, "customer", owner, "customer")
    if owner != subscription["customer"]:
        raise lookup.no_such("subscription", wanted, param="subscription")
    invoice = preview_invoice(call.store, call.ledger, subscription)
    call.previews.keep(invoice)
    return invoice
