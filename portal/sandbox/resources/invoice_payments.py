"""Which payments an invoice was or is to be paid with: https://docs.stripe.com/api/invoice-payment."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.fields import given
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()


@routes.get("/v1/invoice_payments", "InvoicePaymentListParams", "created invoice payment status")
def list_invoice_payments(call: Call) -> Listing:
    """Invoice payments, newest first."""
    asked = call.params
    lookup.check_filter(call.store, "invoice", asked)
    wanted = asked.get("payment", {})
    exact = given(asked, ("invoice", "status"))
    if "payment_intent" in wanted:
        exact["_payment_intent"] = wanted["payment_intent"]
    found = (
        payment
        for payment in call.store.each("invoice_payment", **exact)
        if within(asked.get("created"), payment["created"])
        and all(payment["payment"].get(name) == value for name, value in wanted.items())
    )
    return Listing(found, "invoice_payment")


@routes.get("/v1/invoice_payments/{id}", "InvoicePaymentRetrieveParams")
def retrieve_invoice_payment(call: Call, id: str) -> StripeObject:
    """One payment of an invoice."""
    return lookup.get(call.store, "invoice_payment", id)
