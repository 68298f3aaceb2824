"""From charges to a draft: made with its lines, kept current while usage comes in."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.acknowledgement import announce
from portal.sandbox.billing.charges import Charge, is_metered, measured
from portal.sandbox.billing.debits import note_charge
from portal.sandbox.billing.invoice_items import item_line, pending_items
from portal.sandbox.billing.invoices import Occasion, draft_invoice
from portal.sandbox.billing.lines import charge_lines
from portal.sandbox.billing.parents import invoice_item_of, subscription_of
from portal.sandbox.billing.totals import with_totals
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.events import differences
from portal.sandbox.fields import decimal_text, visible
from portal.sandbox.included import lines_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def issue_draft(  # noqa: PLR0913 - whose invoice it is, of what, when and why
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    charges: Iterable[Charge],
    occasion: Occasion,
    *,
    with_pending: bool | frozenset[str],
) -> StripeObject:
    """Make the draft with its lines and tell of it: what was pending first, then the charges.

    `with_pending` may name the only invoice items to take. The usage of metered charges is
    measured here. The draft remembers its charges, so that their lines can be made anew, and the
    items remember what they were debited.
    """
    draft = draft_invoice(store, subscription, occasion) | {"id": store.new_id("in")}
    owed = [measured(store, ledger, draft["customer"], charge) for charge in charges]
    pending = _take_pending(store, draft, subscription, with_pending)
    by_charge = [(charge, charge_lines(store, subscription, charge)) for charge in owed]
    draft["_charges"] = [_remembered(charge) for charge in owed]
    lines = [item_line(store, item) for item in pending]
    invoice = keep_lines(store, draft, lines + [line for _, of_it in by_charge for line in of_it])
    for item, line in zip(pending, lines, strict=True):
        _link_credit(store, item, line["id"])
    for charge, of_it in by_charge:
        # Usage is not billed in advance and a trial costs nothing: no change credits them.
        if not (is_metered(charge.price) or charge.is_free):
            note_charge(store, charge, of_it)
    return announce(store, invoice)


def wait_for_usage(store: Store, ledger: UsageLedger, draft: StripeObject) -> StripeObject:
    """Leave the draft open for usage that arrives late; it is finalised when the grace is over."""
    finalizes_at = draft["created"] + int(ledger.grace.total_seconds())
    times = {"automatically_finalizes_at": finalizes_at, "_due_at": finalizes_at}
    # A payment is attempted for no invoice that is sent.
    is_sent = draft["collection_method"] == "send_invoice"
    return store.put(draft | times | {"next_payment_attempt": None if is_sent else finalizes_at})


def refresh_drafts(store: Store, ledger: UsageLedger, customer: str) -> None:
    """Bring the drafts of a customer with new usage up to date."""
    for invoice in store.every("invoice", customer=customer, status="draft"):
        refresh(store, ledger, invoice)


def refresh(store: Store, ledger: UsageLedger, draft: StripeObject) -> StripeObject:
    """Make the metered lines anew from the usage of their periods; all others stay."""
    charges = [_recalled(store, charge) for charge in draft.get("_charges", ())]
    if not any(is_metered(charge.price) for charge in charges):
        return draft
    subscription = store.get("subscription", subscription_of(draft) or "")
    if subscription is None:
        return draft
    known = lines_of(store, draft)
    lines = [line for line in known if invoice_item_of(line) is not None]
    for charge in charges:
        current = measured(store, ledger, draft["customer"], charge)
        lines += charge_lines(store, subscription, current)
    if [_content(line) for line in lines] == [_content(line) for line in known]:
        return draft
    changed = keep_lines(store, draft, lines, known)
    store.emit("invoice.updated", changed, differences(visible(draft), visible(changed)))
    return changed


def _take_pending(
    store: Store, draft: StripeObject, subscription: StripeObject, wanted: bool | frozenset[str]
) -> list[StripeObject]:
    """Put on the invoice what waits for one in its currency, or those of it that are wanted."""
    if wanted is False:
        return []
    fitting = [
        item
        for item in pending_items(store, draft["customer"], subscription["id"])
        if item["currency"] == draft["currency"] and (wanted is True or item["id"] in wanted)
    ]
    return [store.put(item | {"invoice": draft["id"]}) for item in fitting]


def _link_credit(store: Store, invoice_item: StripeObject, line_id: str) -> None:
    """Let a credit name the line of a debit that waited beside it and has its line only now."""
    credited = (invoice_item["proration_details"] or {}).get("credited_items") or {}
    line = store.get("line_item", line_id)
    if line is not None and credited.get("type") == "invoice_item":
        store.put(line | {"parent": item_line(store, invoice_item)["parent"]})


def keep_lines(
    store: Store,
    draft: StripeObject,
    lines: list[StripeObject],
    known: Iterable[StripeObject] = (),
) -> StripeObject:
    """Keep the invoice and its lines in their order; one it had already keeps its id."""
    ids = {line["_slot"]: line["id"] for line in known}
    for id in ids.values():
        store.delete("line_item", id)
    for line in lines:
        line["id"] = ids.get(line["_slot"]) or store.new_id("il")
        line["invoice"] = draft["id"]
    invoice, lines = with_totals(store, draft, lines)
    for line in lines:
        store.put(line)
    return store.put(invoice)


def _remembered(charge: Charge) -> StripeObject:
    """A charge as it is kept with its draft."""
    billed = charge.billed_early
    return {
        "item": {name: charge.item.get(name) for name in ("id", "discounts", "tax_rates")},
        "price": charge.price["id"],
        "quantity": decimal_text(charge.quantity),
        "start": charge.start,
        "end": charge.end,
        "counted_to": charge.counted_to,
        "is_free": charge.is_free,
        "whole": charge.whole,
        "whole_periods": charge.whole_periods,
        "billed_early": None if billed is None else decimal_text(billed),
    }


def _recalled(store: Store, kept: StripeObject) -> Charge:
    price = store.get("price", kept["price"])
    if price is None:
        raise LookupError(f"{kept['price']}, which a draft charges, is not there")
    billed = kept["billed_early"] and Decimal(kept["billed_early"])
    amounts = {"quantity": Decimal(kept["quantity"]), "billed_early": billed}
    return Charge(**kept | amounts | {"price": price})


def _content(line: StripeObject) -> tuple[Any, ...]:
    """What usage can change of a line."""
    return line["_slot"], line["quantity_decimal"], line["amount"], line["description"]
