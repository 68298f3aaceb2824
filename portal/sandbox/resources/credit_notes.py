"""Credit notes: https://docs.stripe.com/api/credit_notes."""

from decimal import Decimal
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.credit_notes import (
    KIND,
    Repayment,
    credited_before,
    draft_note,
    issue,
    void,
)
from portal.sandbox.billing.credited_lines import credited_line, custom_line
from portal.sandbox.events import save_change
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing, listing_of
from portal.sandbox.included import credited_lines_of
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.charges import create_refund
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()
_LINE = ("amount", "description", "invoice_line_item", "metadata", "quantity", "tax_rates", "type",
         "unit_amount", "unit_amount_decimal")  # fmt: skip
# What only lines of the other type have.
_NOT_OF = {
    "custom_line_item": ("amount", "invoice_line_item"),
    "invoice_line_item": ("tax_rates", "unit_amount", "unit_amount_decimal"),
}
_ACTS_ON = (
    "amount credit_amount effective_at email_type invoice memo metadata out_of_band_amount reason "
    "refund_amount refunds.amount_refunded refunds.refund refunds.type "
    + " ".join(f"lines.{name}" for name in _LINE)
)


@routes.post("/v1/credit_notes", "CreditNoteCreateParams", _ACTS_ON)
def create_credit_note(call: Call) -> StripeObject:
    """Make a finalised invoice smaller."""
    store, params = call.store, call.params
    invoice = _invoice(call)
    at = store.now(invoice["customer"])
    lines = _lines(call, invoice)
    note = draft_note(store, invoice, lines, at) | given(params, ("memo", "reason"))
    note["effective_at"] = params.get("effective_at", at)
    note["metadata"] = merged_metadata({}, params.get("metadata"))
    if params.get("amount", note["amount"]) != note["amount"]:
        raise Refused(
            f"The amount ({params['amount']}) is not the sum of the lines ({note['amount']}).",
            param="amount",
        )
    return issue(store, note, lines, _repayment(call, invoice), at)


@routes.get("/v1/credit_notes/preview", "CreditNotePreviewParams", _ACTS_ON)
def preview_credit_note(call: Call) -> StripeObject:
    """The note as it would be: it is made, pictured and undone."""
    with call.store.speculating():
        note = create_credit_note(call)
        return note | {"lines": credited_lines_of(call.store, note)}


@routes.get("/v1/credit_notes/preview/lines", "CreditNotePreviewLinesParams", _ACTS_ON)
def preview_credit_note_lines(call: Call) -> Listing:
    """The lines of a note as it would be."""
    return Listing(preview_credit_note(call)["lines"], "credit_note_line_item")


@routes.get("/v1/credit_notes", "CreditNoteListParams", "created customer invoice")
def list_credit_notes(call: Call) -> Listing:
    """Credit notes, newest first."""
    return listing_of(call.store, KIND, call.params, "customer", "invoice")


@routes.get("/v1/credit_notes/{id}", "CreditNoteRetrieveParams")
def retrieve_credit_note(call: Call, id: str) -> StripeObject:
    """The credit note, also when it is void."""
    return lookup.get(call.store, KIND, id)


@routes.post("/v1/credit_notes/{id}", "CreditNoteUpdateParams", "memo metadata")
def update_credit_note(call: Call, id: str) -> StripeObject:
    """Change the memo and the metadata: the amounts of a note stay."""
    note = lookup.get(call.store, KIND, id)
    note.update(given(call.params, ("memo",)))
    if "metadata" in call.params:
        note["metadata"] = merged_metadata(note["metadata"], call.params["metadata"])
    return save_change(call.store, "credit_note.updated", note)


@routes.get("/v1/credit_notes/{id}/lines", "CreditNoteListLinesParams")
def list_credit_note_lines(call: Call, id: str) -> Listing:
    """All lines of a credit note, in its order."""
    note = lookup.get(call.store, KIND, id)
    return Listing(credited_lines_of(call.store, note), "credit_note_line_item")


@routes.post("/v1/credit_notes/{id}/void", "CreditNoteVoidCreditNoteParams")
def void_credit_note(call: Call, id: str) -> StripeObject:
    """Undo a credit note."""
    note = lookup.get(call.store, KIND, id)
    return void(call.store, note, call.store.now(note["customer"]))


def _invoice(call: Call) -> StripeObject:
    invoice = lookup.named(call.store, "invoice", call.params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise Refused(
            f"Credit notes can only be created for finalized invoices; this one is "
            f"{invoice['status']}.",
            param="invoice",
        )
    return invoice


def _lines(call: Call, invoice: StripeObject) -> list[StripeObject]:
    """The lines that the request describes; an amount alone is a line of its own."""
    asked, amount = call.params.get("lines"), call.params.get("amount")
    if asked:
        return [_line(call, invoice, one, f"lines[{place}]") for place, one in enumerate(asked)]
    if amount is None:
        raise Refused(
            "You must specify one of amount, lines and shipping_cost.",
            code="parameter_missing",
            param="amount",
        )
    _check_positive(amount, "amount")
    return [custom_line(call.store, Decimal(amount), 1, None)]


def _line(call: Call, invoice: StripeObject, asked: StripeObject, param: str) -> StripeObject:
    surplus = next((name for name in _NOT_OF[asked["type"]] if name in asked), None)
    if surplus is not None:
        raise Refused(
            f"`{surplus}` does not go with the type `{asked['type']}`.", param=f"{param}[{surplus}]"
        )
    kept = asked.get("metadata")
    metadata = {"metadata": None if kept is None else merged_metadata({}, kept)}
    if asked["type"] == "invoice_line_item":
        return _of_the_invoice(call, invoice, asked, param) | metadata
    exact = asked.get("unit_amount_decimal", asked.get("unit_amount"))
    if exact is None:
        raise Refused(
            f"Missing required param: {param}[unit_amount].",
            code="parameter_missing",
            param=f"{param}[unit_amount]",
        )
    rates = asked.get("tax_rates") or ()
    for place, id in enumerate(rates):
        lookup.named(call.store, "tax_rate", id, f"{param}[tax_rates][{place}]")
    quantity = asked.get("quantity", 1)
    _check_positive(quantity, f"{param}[quantity]")
    line = custom_line(call.store, Decimal(exact), quantity, asked.get("description"), rates)
    return line | metadata


def _of_the_invoice(
    call: Call, invoice: StripeObject, asked: StripeObject, param: str
) -> StripeObject:
    """So much of an invoice line as the amount or the quantity says."""
    where = f"{param}[invoice_line_item]"
    line = lookup.named(call.store, "line_item", asked.get("invoice_line_item", ""), where)
    if line["invoice"] != invoice["id"]:
        raise lookup.no_such("line_item", line["id"], param=where)
    if ("amount" in asked) == ("quantity" in asked):
        raise Refused(
            f"You must specify exactly one of {param}[amount] and {param}[quantity].", param=param
        )
    quantity = asked.get("quantity")
    if quantity is None:
        amount = int(asked["amount"])
    else:
        _check_positive(quantity, f"{param}[quantity]")
        amount = line["amount"] * quantity // max(line["quantity"], 1)
    left = line["amount"] - credited_before(call.store, line)
    if not 0 < amount <= left:
        raise Refused(
            f"The amount must be more than 0 and at most what is left of the line ({left}).",
            param=f"{param}[{'amount' if 'amount' in asked else 'quantity'}]",
        )
    credited = credited_line(line, amount, quantity)
    return credited | ({"description": asked["description"]} if "description" in asked else {})


def _repayment(call: Call, invoice: StripeObject) -> Repayment:
    """How the request wants to give back what was paid; a refund is made here if none is named."""
    params = call.params
    for name in ("credit_amount", "out_of_band_amount", "refund_amount"):
        _check_positive(params.get(name, 1), name)
    refunds = [
        _known_refund(call, invoice, one, f"refunds[{place}]")
        for place, one in enumerate(params.get("refunds", ()))
    ]
    if "refund_amount" in params:
        refunds.append((_refund(call, invoice, params["refund_amount"]), params["refund_amount"]))
    return Repayment(
        to_balance=params.get("credit_amount", 0),
        out_of_band=params.get("out_of_band_amount", 0),
        refunds=refunds,
    )


def _refund(call: Call, invoice: StripeObject, amount: int) -> str:
    for payment in call.store.every("invoice_payment", invoice=invoice["id"], status="paid"):
        asked = {"payment_intent": payment["_payment_intent"], "amount": amount}
        refund = create_refund(Call(call.store, call.ledger, asked, call.previews))
        return str(refund["id"])
    raise Refused("The invoice has no payment that could be refunded.", param="refund_amount")


def _known_refund(
    call: Call, invoice: StripeObject, asked: StripeObject, param: str
) -> tuple[str, int]:
    """A refund of one of the invoice's payments, and how much of it the note is for."""
    store, where = call.store, f"{param}[refund]"
    if asked.get("type", "refund") != "refund":
        raise NotSupported("This sandbox has no payment records.", param=f"{param}[type]")
    refund = lookup.named(store, "refund", asked.get("refund", ""), where)
    payments = store.every("invoice_payment", invoice=invoice["id"])
    if refund["payment_intent"] not in [one["_payment_intent"] for one in payments]:
        raise Refused("The refund is not of a payment of this invoice.", param=where)
    notes = store.every(KIND, invoice=invoice["id"])
    named = [one for note in notes for one in note["refunds"] if one["refund"] == refund["id"]]
    left = refund["amount"] - sum(one["amount_refunded"] for one in named)
    amount = int(asked.get("amount_refunded", left))
    if not 0 < amount <= left:
        raise Refused(
            f"The amount must be more than 0 and at most what is left of the refund ({left}).",
            param=f"{param}[amount_refunded]",
        )
    return str(refund["id"]), amount


def _check_positive(amount: int, param: str) -> None:
    if amount < 1:
        raise Refused("This value must be greater than or equal to 1.", param=param)
