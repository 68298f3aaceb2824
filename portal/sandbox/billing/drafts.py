"""From charges to an invoice and on: made as a draft, kept current, finalised and collected."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.charges import Charge, measured
from portal.sandbox.billing.invoices import Occasion, draft_invoice, finalize, with_totals
from portal.sandbox.billing.lines import charge_lines
from portal.sandbox.billing.payment import pay
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def issue_draft(
    store: Store, subscription: StripeObject, charges: Iterable[Charge], occasion: Occasion
) -> StripeObject:
    """Make the draft with its lines and tell of it."""
    draft = draft_invoice(store, subscription, occasion) | {"id": store.new_id("in")}
    lines = [line for charge in charges for line in charge_lines(store, subscription, charge)]
    _keep_lines(store, draft, lines)
    invoice = store.put(with_totals(draft, lines))
    store.emit("invoice.created", invoice)
    return invoice


def wait_for_usage(store: Store, ledger: UsageLedger, draft: StripeObject) -> StripeObject:
    """Leave the draft open for usage that arrives late; it is finalised when the grace is over."""
    finalizes_at = draft["created"] + int(ledger.grace.total_seconds())
    times = ("automatically_finalizes_at", "next_payment_attempt", "_due_at")
    return store.put(draft | dict.fromkeys(times, finalizes_at))


def complete(store: Store, draft: StripeObject, at: int) -> StripeObject:
    """Finalise the draft as it is and try to collect."""
    return pay(store, finalize(store, draft, at), at)


def refresh_touched(store: Store, ledger: UsageLedger) -> None:
    """Bring the drafts of all customers with new usage up to date."""
    for customer in ledger.take_touched():
        for invoice in store.every("invoice", customer=customer):
            if invoice["status"] == "draft":
                refresh(store, ledger, invoice)


def refresh(store: Store, ledger: UsageLedger, draft: StripeObject) -> StripeObject:
    """Make the metered lines anew from the usage of their periods; licensed ones stay."""
    known = store.every("line_item", invoice=draft["id"])[::-1]
    subscription_id = draft["parent"]["subscription_details"]["subscription"]
    subscription = store.get("subscription", subscription_id)
    if subscription is None:
        return draft
    lines = [
        line
        for charge in _charges_of(store, known)
        for line in charge_lines(
            store, subscription, measured(store, ledger, draft["customer"], charge)
        )
    ]
    if [_content(line) for line in lines] == [_content(line) for line in known]:
        return draft
    _keep_lines(store, draft, lines, known)
    changed = store.put(with_totals(draft, lines))
    store.emit("invoice.updated", changed, {"amount_due": draft["amount_due"]})
    return changed


def _charges_of(store: Store, lines: list[StripeObject]) -> list[Charge]:
    """The charges that lines were made of; the quantity of an item is spread over its tiers."""
    charges: dict[str, Charge] = {}
    for line in lines:
        item = line["parent"]["subscription_item_details"]["subscription_item"]
        quantity = Decimal(line["quantity_decimal"])
        if item in charges:
            quantity += charges[item].quantity
        price = store.get("price", line["pricing"]["price_details"]["price"]) or {}
        start, end = line["period"]["start"], line["period"]["end"]
        charges[item] = Charge({"id": item}, price, quantity, start, end)
    return list(charges.values())


def _keep_lines(
    store: Store,
    invoice: StripeObject,
    lines: list[StripeObject],
    known: Iterable[StripeObject] = (),
) -> None:
    """Keep the lines in their order; one that the invoice had already keeps its id."""
    ids = {line["_slot"]: line["id"] for line in known}
    for id in ids.values():
        store.delete("line_item", id)
    for line in lines:
        line["id"] = ids.get(line["_slot"]) or store.new_id("il")
        line["invoice"] = invoice["id"]
        store.put(line)


def _content(line: StripeObject) -> StripeObject:
    return {name: value for name, value in line.items() if name not in ("id", "invoice")}
