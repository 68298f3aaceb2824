"""Credit notes: finalised invoices made smaller, before they are paid and after.

https://docs.stripe.com/api/credit_notes: a note first reduces what is still due; the excess goes
back to the customer as a refund, as credit on their balance, or outside of Stripe.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.sandbox.billing.balance import move_balance
from portal.sandbox.billing.credited_lines import summed
from portal.sandbox.billing.payment import cancel_payments, pay, request_payment
from portal.sandbox.events import save_change
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
KIND = "credit_note"


@dataclass(frozen=True, slots=True)
class Repayment:
    """How the part that was paid already goes back; `refunds` are pairs of an id and an amount."""

    to_balance: int = 0
    out_of_band: int = 0
    refunds: Sequence[tuple[str, int]] = field(default_factory=tuple)

    @property
    def total(self) -> int:
        """All that goes back."""
        return self.to_balance + self.out_of_band + sum(amount for _, amount in self.refunds)


def draft_note(
    store: Store, invoice: StripeObject, lines: Sequence[StripeObject], at: int
) -> StripeObject:
    """A note of these lines with its amounts, not kept yet; refused if it credits too much."""
    amounts = summed(lines)
    before = max(0, min(amounts["total"], invoice["amount_remaining"]))
    after = amounts["total"] - before
    if amounts["total"] < 0 or after > _refundable(invoice):
        raise Refused(
            f"The credit note's amount ({amounts['total']}) is more than what can be credited on "
            f"the invoice ({invoice['amount_remaining'] + _refundable(invoice)}).",
            param="amount",
        )
    unused = ("customer_balance_transaction", "customer_account", "out_of_band_amount", "memo",
              "reason", "shipping_cost", "voided_at")  # fmt: skip
    number = len(store.every(KIND, invoice=invoice["id"])) + 1
    return dict.fromkeys(unused) | {
        "id": store.new_id("cn"),
        "object": KIND,
        **amounts,
        "amount_shipping": 0,
        "created": at,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "effective_at": at,
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": {},
        "number": f"{invoice['number']}-CN-{number:02d}",
        "pdf": invoice["invoice_pdf"],
        "post_payment_amount": after,
        "pre_payment_amount": before,
        "refunds": [],
        "status": "issued",
        "type": _type(before, after),
    }


def issue(
    store: Store,
    note: StripeObject,
    lines: Sequence[StripeObject],
    repayment: Repayment,
    at: int,
) -> StripeObject:
    """Keep the note with its lines, and let the invoice and the customer have what it says."""
    note = _repaid(store, note, repayment, at)
    for line in lines:
        store.put(line | {"id": store.new_id("cnli"), "_credit_note": note["id"]})
    store.put(note)
    store.emit("credit_note.created", note)
    _reduce(store, note, at)
    return note


def void(store: Store, note: StripeObject, at: int) -> StripeObject:
    """Undo a note of an invoice that is still open."""
    invoice = store.get("invoice", note["invoice"]) or {}
    if note["status"] == "void":
        raise Refused("This credit note has already been voided.")
    if invoice["status"] != "open" or note["post_payment_amount"]:
        raise Refused("You can only void credit notes of open invoices that give nothing back.")
    voided = store.put(note | {"status": "void", "voided_at": at})
    store.emit("credit_note.voided", voided)
    amounts = _credited(invoice, -note["pre_payment_amount"], 0)
    changed = save_change(store, "invoice.updated", invoice | amounts)
    request_payment(store, changed, at)
    return voided


def credited_before(store: Store, line: StripeObject) -> int:
    """How much of an invoice line earlier notes have credited."""
    credited = store.every("credit_note_line_item", invoice_line_item=line["id"])
    notes = (store.look(KIND, one["_credit_note"]) or {} for one in credited)
    pairs = zip(credited, notes, strict=True)
    return sum(one["amount"] for one, note in pairs if note.get("status") == "issued")


def _refundable(invoice: StripeObject) -> int:
    return int(invoice["amount_paid"] - invoice["post_payment_credit_notes_amount"])


def _type(before: int, after: int) -> str:
    if before and after:
        return "mixed"
    return "post_payment" if after else "pre_payment"


def _repaid(store: Store, note: StripeObject, repayment: Repayment, at: int) -> StripeObject:
    """The note after giving back what was paid too much."""
    if repayment.total != note["post_payment_amount"]:
        raise Refused(
            "The sum of credit amount, refund amount and out of band amount "
            f"({repayment.total}) must equal the credit note's post-payment amount "
            f"({note['post_payment_amount']}).",
        )
    refunds = [
        {
            "amount_refunded": amount,
            "payment_record_refund": None,
            "refund": refund,
            "type": "refund",
        }
        for refund, amount in repayment.refunds
    ]
    note = note | {"refunds": refunds, "out_of_band_amount": repayment.out_of_band or None}
    if not repayment.to_balance:
        return note
    moved = move_balance(
        store,
        note["customer"],
        note["currency"],
        -repayment.to_balance,
        "credit_note",
        at,
        credit_note=note["id"],
        invoice=note["invoice"],
    )
    return note | {"customer_balance_transaction": moved["id"]}


def _reduce(store: Store, note: StripeObject, at: int) -> None:
    """Let the invoice be due for less; with nothing left it is paid."""
    invoice = store.get("invoice", note["invoice"]) or {}
    amounts = _credited(invoice, note["pre_payment_amount"], note["post_payment_amount"])
    changed = save_change(store, "invoice.updated", invoice | amounts)
    if invoice["status"] not in ("open", "uncollectible") or not note["pre_payment_amount"]:
        return
    if changed["amount_remaining"] > 0:
        request_payment(store, changed, at)
    else:
        cancel_payments(store, changed, at, "abandoned")
        pay(store, changed, at)


def _credited(invoice: StripeObject, before: int, after: int) -> StripeObject:
    """The invoice's amounts after crediting so much before and after its payment."""
    return {
        "amount_due": invoice["amount_due"] - before,
        "amount_remaining": invoice["amount_remaining"] - before,
        "post_payment_credit_notes_amount": invoice["post_payment_credit_notes_amount"] + after,
        "pre_payment_credit_notes_amount": invoice["pre_payment_credit_notes_amount"] + before,
    }
