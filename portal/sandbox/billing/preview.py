"""What an invoice would be: the real thing is done, pictured and undone.

https://docs.stripe.com/api/invoices/create_preview. A preview is the charge by construction: it
comes of the same renewal, change or cancellation as the invoice that it foretells.
"""

from typing import Any

from portal.sandbox.billing.cycles import WHEN_DUE
from portal.sandbox.billing.totals import foretold
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.included import lines_of
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# More visits of the clock than there can be between two invoices of a subscription.
_MOST_VISITS = 20
# The clock of a customer who is only imagined at a later moment.
_CLOCK = "clock_preview"


def preview_invoice(store: Store, ledger: UsageLedger, subscription: StripeObject) -> StripeObject:
    """The next invoice of a subscription by what counts now, with its lines in a plain list.

    It is dated at the renewal and looks back on the period that ends then. Raises Refused when
    the subscription will bill nothing any more.
    """
    with store.speculating():
        return pictured(store, next_invoice(store, ledger, subscription))


def next_invoice(store: Store, ledger: UsageLedger, subscription: StripeObject) -> StripeObject:
    """Let time pass for the subscription until it is invoiced; only to be done speculating."""
    id, latest = subscription["id"], subscription["latest_invoice"]
    for _ in range(_MOST_VISITS):
        now = store.get("subscription", id) or subscription
        if now.get("_due_at") is None:
            break
        WHEN_DUE["subscription"](store, ledger, now)
        made = new_invoice(store, id, latest)
        if made is not None:
            return made
    raise nothing_to_bill(subscription["customer"])


def new_invoice(store: Store, subscription: str, known: str | None) -> StripeObject | None:
    """The subscription's latest invoice, if it is another one than the one that is known."""
    latest = (store.look("subscription", subscription) or {}).get("latest_invoice")
    return None if latest in (None, known) else store.get("invoice", latest)


def freeze(store: Store, customer: str, moment: int) -> None:
    """Let the customer live at a later moment; only to be done speculating."""
    known = store.get("customer", customer) or {}
    clock = {"id": _CLOCK, "object": "test_helpers.test_clock", "frozen_time": moment}
    store.put(clock)
    store.put(known | {"test_clock": _CLOCK})


def pictured(store: Store, invoice: StripeObject) -> StripeObject:
    """An invoice as a preview shows it: a draft with its lines inside, and ids of its own.

    Nothing else has these ids; they are left to the preview when everything is undone.
    """
    invoice, lines = foretold(invoice, lines_of(store, invoice))
    names = {invoice["id"]: store.new_id("upcoming_in")}
    names |= {line["id"]: store.new_id("il_tmp") for line in lines}
    draft = invoice | _unfinished(invoice) | {"billing_reason": "upcoming", "lines": lines}
    picture: StripeObject = _renamed(draft, names)
    return picture


def nothing_to_bill(customer: str) -> Refused:
    """Stripe's answer where there is no next invoice."""
    return Refused(
        f"No upcoming invoices for customer: '{customer}'",
        status=404,
        code="invoice_upcoming_none",
    )


def _unfinished(invoice: StripeObject) -> StripeObject:
    """The fields of an invoice that has not been finalised and paid yet."""
    never = ("automatically_finalizes_at", "effective_at", "hosted_invoice_url", "invoice_pdf",
             "number", "webhooks_delivered_at")  # fmt: skip
    kept = invoice["automatically_finalizes_at"] if invoice["status"] == "draft" else None
    return dict.fromkeys(never) | {
        "amount_paid": 0,
        "amount_remaining": invoice["amount_due"],
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatically_finalizes_at": kept,
        "status": "draft",
        "test_clock": None if invoice["test_clock"] == _CLOCK else invoice["test_clock"],
        "status_transitions": dict.fromkeys(invoice["status_transitions"]),
    }


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """The same value with every id that is in the list replaced."""
    if isinstance(value, dict):
        return {name: _renamed(part, names) for name, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value
