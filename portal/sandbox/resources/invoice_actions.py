"""What can be done with an invoice: finalise, pay, send, void, give up, attach a payment.

https://docs.stripe.com/invoicing/integration/workflow-transitions
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing import invoice_states, payment
from portal.sandbox.billing.drafts import refresh
from portal.sandbox.billing.invoices import finalize
from portal.sandbox.billing.manual_invoices import finalize_by_hand
from portal.sandbox.billing.payer import payment_method_of
from portal.sandbox.billing.payment_objects import new_invoice_payment
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.card_refusals import unpaid_refusal
from portal.sandbox.resources.customers import check_payment_method
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_PAYABLE = ("draft", "open", "uncollectible")


@routes.post("/v1/invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams", "auto_advance")
def finalize_invoice(call: Call, id: str) -> StripeObject:
    """Give a draft its number and open it for payment."""
    draft = lookup.get(call.store, "invoice", id)
    if draft["status"] != "draft":
        raise Refused(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice."
        )
    draft["auto_advance"] = call.params.get("auto_advance", draft["auto_advance"])
    return finalize_by_hand(call.store, call.ledger, draft, call.store.now(draft["customer"]))


@routes.post(
    "/v1/invoices/{id}/pay",
    "InvoicePayParams",
    "forgive off_session paid_out_of_band payment_method",
)
def pay_invoice(call: Call, id: str) -> StripeObject:
    """Collect now, a draft too; a refused card is an error although the attempt stays."""
    store, params = call.store, call.params
    if params.get("forgive"):
        raise NotSupported("Only sources can hold less than is due; cards cannot.", param="forgive")
    invoice = lookup.get(store, "invoice", id)
    _check_payable(invoice)
    if "payment_method" in params:
        check_payment_method(store, invoice["customer"], params["payment_method"], "payment_method")
    at = store.now(invoice["customer"])
    if invoice["status"] == "draft":
        invoice = finalize(store, refresh(store, call.ledger, invoice), at)
    if params.get("paid_out_of_band"):
        return payment.pay_out_of_band(store, invoice, at)
    card = store.get("payment_method", params.get("payment_method", ""))
    return _collected(call, invoice, card, at)


@routes.post("/v1/invoices/{id}/send", "InvoiceSendInvoiceParams")
def send_invoice(call: Call, id: str) -> StripeObject:
    """Send the invoice to its customer, finalised if it is a draft; no mail goes out here."""
    store = call.store
    invoice = lookup.get(store, "invoice", id, path_param="invoice")
    if invoice["status"] not in ("draft", "open"):
        raise Refused(
            "This invoice cannot be sent right now. Please contact us via "
            "https://support.stripe.com/contact with details, so we can help."
        )
    if invoice["collection_method"] != "send_invoice":
        raise Refused(
            "You can't manually send an invoice unless its collection method is 'send_invoice'."
        )
    if invoice["status"] == "draft":
        invoice = finalize_by_hand(store, call.ledger, invoice, store.now(invoice["customer"]))
    store.emit("invoice.sent", invoice)
    return invoice


@routes.post("/v1/invoices/{id}/void", "InvoiceVoidInvoiceParams")
def void_invoice(call: Call, id: str) -> StripeObject:
    """Treat the invoice as if it had never been."""
    invoice = lookup.get(call.store, "invoice", id)
    return invoice_states.void(call.store, invoice, call.store.now(invoice["customer"]))


@routes.post("/v1/invoices/{id}/mark_uncollectible", "InvoiceMarkUncollectibleParams")
def mark_invoice_uncollectible(call: Call, id: str) -> StripeObject:
    """Give the invoice up as bad debt."""
    invoice = lookup.get(call.store, "invoice", id)
    at = call.store.now(invoice["customer"])
    return invoice_states.mark_uncollectible(call.store, invoice, at)


@routes.post("/v1/invoices/{id}/attach_payment", "InvoiceAttachPaymentParams", "payment_intent")
def attach_payment(call: Call, id: str) -> StripeObject:
    """Let a payment that was made apart pay an open invoice, or some of it."""
    store = call.store
    invoice = lookup.get(store, "invoice", id)
    if invoice["status"] != "open":
        raise Refused("You can only attach payments to open invoices.")
    wanted = call.params.get("payment_intent")
    if wanted is None:
        raise Refused(
            "Missing required param: payment_intent.",
            code="parameter_missing",
            param="payment_intent",
        )
    intent = lookup.named(store, "payment_intent", wanted, "payment_intent")
    _check_fits(intent, invoice)
    store.put(intent | {"_invoice": id})
    store.put(new_invoice_payment(store, invoice, intent) | {"is_default": False})
    if intent["status"] == "succeeded":
        return payment.follow_intent(
            store, intent | {"_invoice": id}, store.now(invoice["customer"])
        )
    return invoice


def _check_payable(invoice: StripeObject) -> None:
    if invoice["status"] == "paid":
        raise Refused("Invoice is already paid")
    if invoice["status"] not in _PAYABLE:
        raise Refused(f"An invoice that is {invoice['status']} can no longer be paid.")


def _collected(
    call: Call, invoice: StripeObject, card: StripeObject | None, at: int
) -> StripeObject:
    """The invoice once it is paid; what was done stays also when that failed."""
    store = call.store
    if invoice["amount_remaining"] > 0 and not (card or payment_method_of(store, invoice)):
        raise Refused(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set an "
            "appropriate `default_payment_method` value.",
            code="resource_missing",
            decided=True,
        )
    paid = payment.pay(store, invoice, at, card, on_request=True)
    if paid["status"] == "paid":
        return paid
    raise unpaid_refusal(store, paid) or Refused("Your card was declined.", lasting=True)


def _check_fits(intent: StripeObject, invoice: StripeObject) -> None:
    """A payment pays one invoice, of its own customer and currency."""
    same = all(intent[name] == invoice[name] for name in ("currency", "customer"))
    if not same or intent.get("_invoice") or intent["status"] == "canceled":
        raise Refused(
            "The PaymentIntent cannot pay this invoice: it must be of the same customer and "
            "currency, not be canceled and not belong to an invoice.",
            param="payment_intent",
        )
