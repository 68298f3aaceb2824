"""Invoices that the vendor makes by hand, and the lines of any draft that stand for invoice items.

https://docs.stripe.com/invoicing/integration/workflow-transitions
"""

from typing import Any

from portal.sandbox.billing.drafts import keep_lines, refresh
from portal.sandbox.billing.invoice_items import item_line, pending_items
from portal.sandbox.billing.invoices import Occasion, draft_invoice, finalize
from portal.sandbox.billing.payment import pay, request_payment
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.events import differences
from portal.sandbox.fields import visible
from portal.sandbox.included import lines_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_HOUR = 3600
# Stripe rounds one of the two moments up.
_FINALIZES_AFTER = _HOUR + 1
_RENDERING = {
    "amount_tax_display": None,
    "pdf": {"page_size": "auto"},
    "template": None,
    "template_version": None,
}


def manual_draft(
    store: Store,
    customer: StripeObject,
    at: int,
    *,
    currency: str,
    subscription: StripeObject | None = None,
) -> StripeObject:
    """A draft for the customer, for a subscription of theirs or for none; not kept yet."""
    start = at if subscription is None else _looks_back_to(store, subscription, at)
    nobody = {"id": None, "customer": customer["id"], "metadata": {}}
    owner = (subscription or nobody) | {
        "collection_method": "charge_automatically",
        "currency": currency,
        "test_clock": customer["test_clock"],
    }
    draft = draft_invoice(store, owner, Occasion("manual", at, start))
    return draft | {
        "id": store.new_id("in"),
        "auto_advance": False,
        "parent": draft["parent"] if subscription else None,
        "rendering": {**_RENDERING},
    }


def schedule(draft: StripeObject) -> None:
    """Say when the draft is finalised and tried by itself: an hour after it was made, or never."""
    is_automatic = draft["auto_advance"]
    charges = is_automatic and draft["collection_method"] == "charge_automatically"
    finalizes_at = draft["created"] + _FINALIZES_AFTER if is_automatic else None
    draft |= {
        "automatically_finalizes_at": finalizes_at,
        "next_payment_attempt": draft["created"] + _HOUR if charges else None,
        "_due_at": finalizes_at,
    }


def take_pending(store: Store, draft: StripeObject, subscription: str | None) -> None:
    """Put on the draft what waits for an invoice of its customer in its currency."""
    for item in pending_items(store, draft["customer"], subscription):
        if item["currency"] == draft["currency"]:
            store.put(item | {"invoice": draft["id"]})


def rebuild(store: Store, draft: StripeObject) -> StripeObject:
    """Make the lines of invoice items anew, the newest first, and add up; other lines stay."""
    known = lines_of(store, draft)
    in_order = store.every("invoiceitem", invoice=draft["id"])[::-1]
    items = sorted(in_order, key=lambda item: -item["date"])
    others = [line for line in known if not line["_slot"].startswith("ii_")]
    return keep_lines(store, draft, [item_line(store, item) for item in items] + others, known)


def changed(store: Store, draft: StripeObject) -> StripeObject:
    """The draft after a change of its items or settings, added up again and told of."""
    before = store.get("invoice", draft["id"]) or {}
    after = rebuild(store, draft)
    previous = differences(visible(before), visible(after))
    if previous:
        store.emit("invoice.updated", after, previous)
    return after


def finalize_by_hand(
    store: Store, ledger: UsageLedger, draft: StripeObject, at: int
) -> StripeObject:
    """Finalise the draft now without trying to collect; nothing due is paid at once.

    With `auto_advance` it is tried an hour later, as far as it is to be charged at all.
    """
    opened = finalize(store, refresh(store, ledger, draft), at)
    if opened["amount_remaining"] <= 0:
        return pay(store, opened, at)
    return request_payment(store, store.put(opened | next_try(opened, at)), at)


def next_try(invoice: StripeObject, at: int) -> StripeObject:
    """When an open invoice that waits is tried by itself: an hour from now, or not at all."""
    charges = invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically"
    tries_at = at + _HOUR if charges else None
    return {"next_payment_attempt": tries_at, "_due_at": tries_at}


def _looks_back_to(store: Store, subscription: StripeObject, at: int) -> int:
    """The latest moment at which the subscription was billed before."""
    starts = [
        item["current_period_start"]
        for item in store.every("subscription_item", subscription=subscription["id"])
    ]
    return min(starts, default=at)
