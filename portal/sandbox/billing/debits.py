"""What was really debited for an item's present period, which is what a later change credits.

https://docs.stripe.com/billing/subscriptions/prorations#credit-prorations: a credit is the unused
part of the original debit, and it names that debit. An item keeps its debits under `_debits`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from portal.sandbox.billing.invoice_items import line_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Debit:
    """An amount that was debited for a span of time, net of its discounts.

    `credited_items` is how Stripe's invoice items name the debit.
    """

    amount: int
    start: int
    end: int
    price: str
    quantity: str
    credited_items: StripeObject


def note_lines(store: Store, item_id: str, lines: Sequence[StripeObject]) -> None:
    """Write down that an item was debited by these lines of one charge."""
    ids = [line["id"] for line in lines]
    _note(store, item_id, {**lines[0]["period"], "invoice": lines[0]["invoice"], "lines": ids})


def note_invoice_item(store: Store, item_id: str, invoice_item: StripeObject) -> None:
    """Write down that an item was debited by an invoice item."""
    _note(store, item_id, {**invoice_item["period"], "invoice_item": invoice_item["id"]})


def debits_at(store: Store, item: StripeObject, at: int) -> Iterator[Debit]:
    """The item's debits for time that is not over at that moment, the oldest first."""
    for noted in item.get("_debits", ()):
        if noted["start"] <= at < noted["end"]:
            found = _by_item(store, noted) if "invoice_item" in noted else _by_lines(store, noted)
            if found is not None:
                yield found


def credited(item: StripeObject) -> StripeObject:
    """The item after everything debited for it has been credited."""
    return item | {"_debits": []}


def _note(store: Store, item_id: str, noted: StripeObject) -> None:
    item = store.get("subscription_item", item_id)
    if item is None:
        return
    lasting = [known for known in item.get("_debits", ()) if known["end"] > noted["start"]]
    store.put(item | {"_debits": [*lasting, noted]})


def _by_item(store: Store, noted: StripeObject) -> Debit | None:
    """A debit that waits as an invoice item, or has become a line since."""
    item = store.get("invoiceitem", noted["invoice_item"])
    if item is None:
        return None
    line = line_of(store, item)
    if line is not None:
        return _by_lines(store, {**noted, "invoice": line["invoice"], "lines": [line["id"]]})
    names = {"type": "invoice_item", "invoice_item": item["id"], "invoice_line_item_details": None}
    return Debit(
        amount=item["amount"],
        start=noted["start"],
        end=noted["end"],
        price=item["pricing"]["price_details"]["price"],
        quantity=item["quantity_decimal"],
        credited_items=names,
    )


def _by_lines(store: Store, noted: StripeObject) -> Debit | None:
    lines = [line for id in noted["lines"] if (line := store.get("line_item", id)) is not None]
    if not lines:
        return None
    details = {"invoice": noted["invoice"], "invoice_line_items": noted["lines"]}
    return Debit(
        amount=sum(_net(line) for line in lines),
        start=noted["start"],
        end=noted["end"],
        price=lines[0]["pricing"]["price_details"]["price"],
        quantity=lines[0]["quantity_decimal"],
        credited_items={
            "type": "invoice_line_items",
            "invoice_item": None,
            "invoice_line_item_details": details,
        },
    )


def _net(line: StripeObject) -> int:
    return int(line["amount"] - sum(share["amount"] for share in line["discount_amounts"]))
