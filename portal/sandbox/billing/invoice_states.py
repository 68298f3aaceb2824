"""What becomes of a finalised invoice besides being paid: voided or given up.

https://docs.stripe.com/invoicing/integration/workflow-transitions
"""

from typing import Any

from portal.sandbox.billing.balance import give_back_balance
from portal.sandbox.billing.credits import give_back_credits
from portal.sandbox.billing.payment import cancel_payments
from portal.sandbox.billing.standing import follow_payment
from portal.sandbox.events import save_change
from portal.sandbox.included import lines_of
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_STOPPED = {"auto_advance": False, "next_payment_attempt": None, "_due_at": None}


def void(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """Treat a finalised invoice as if it had never been; what it used up is given back."""
    if invoice["status"] == "paid":
        raise Refused("Invoices with `paid` payments cannot be voided.")
    if invoice["status"] not in ("open", "uncollectible"):
        raise _is_not_open()
    cancel_payments(store, invoice, at)
    give_back_credits(store, lines_of(store, invoice), at)
    give_back_balance(store, invoice, at)
    return _moved(store, invoice, "void", "voided", at)


def mark_uncollectible(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """Give up an open invoice: it counts as bad debt and can still be paid or voided."""
    if invoice["status"] == "uncollectible":
        raise Refused("This invoice has already been marked uncollectible.")
    if invoice["status"] != "open":
        raise _is_not_open()
    return _moved(store, invoice, "uncollectible", "marked_uncollectible", at)


def _moved(store: Store, invoice: StripeObject, status: str, word: str, at: int) -> StripeObject:
    transitions = invoice["status_transitions"] | {f"{word}_at": at}
    reached = {**_STOPPED, "status": status, "status_transitions": transitions}
    moved = save_change(store, "invoice.updated", invoice | reached)
    store.emit(f"invoice.{word}", moved)
    follow_payment(store, moved, at)
    return moved


def _is_not_open() -> Refused:
    return Refused("You can only pass in open invoices. This invoice isn't open.")
