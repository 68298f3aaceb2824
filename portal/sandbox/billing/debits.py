"""What was really debited for an item's present period, which is what a later change credits.

https://docs.stripe.com/billing/subscriptions/prorations#credit-prorations: a credit is the unused
part of the original debit, and it names that debit. An item keeps its debits under `_debits`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.charges import Charge
from portal.sandbox.billing.invoice_items import line_of
from portal.sandbox.fields import decimal_text
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Debit:
    """An amount that was debited for the time from `start` to `end`, net of its discounts.

    From `until` on it has been credited already. `credited_items` is how Stripe's invoice items
    name the debit.
    """

    amount: int
    start: int
    end: int
    until: int
    price: str
    quantity: Decimal
    credited_items: StripeObject


def note_charge(store: Store, charge: Charge, lines: Sequence[StripeObject]) -> None:
    """Write down that an item was debited by these lines of an invoice."""
    noted = {
        "price": charge.price["id"],
        "quantity": decimal_text(charge.quantity),
        "lines": [line["id"] for line in lines],
        "start": charge.start,
        "end": charge.end,
    }
    _note(store, charge.item["id"], noted)


def note_invoice_item(store: Store, item_id: str, invoice_item: StripeObject) -> None:
    """Write down that an item was debited by an invoice item."""
    of = {"price": invoice_item["pricing"]["price_details"]["price"]}
    of |= {"quantity": invoice_item["quantity_decimal"], "invoice_item": invoice_item["id"]}
    _note(store, item_id, {**of, **invoice_item["period"]})


def debits_at(store: Store, item: StripeObject, at: int) -> list[Debit]:
    """The item's debits for any of the time from a moment on, the oldest first.

    One may begin later: a change can be prorated from before an earlier one (`proration_date`).
    """
    return list(_debits_at(store, item, at))


def credited_from(item: StripeObject, at: int) -> StripeObject:
    """The fields of an item that has been credited for the time from that moment on."""
    kept = [
        {**noted, "until": min(at, noted.get("until", at))}
        for noted in item.get("_debits", ())
        if noted["start"] < at
    ]
    return {"_debits": kept}


def _debits_at(store: Store, item: StripeObject, at: int) -> Iterator[Debit]:
    for noted in item.get("_debits", ()):
        until = noted.get("until", noted["end"])
        found = _amount(store, noted) if max(noted["start"], at) < until else None
        if found is not None:
            amount, names = found
            quantity = Decimal(noted["quantity"])
            yield Debit(
                amount, noted["start"], noted["end"], until, noted["price"], quantity, names
            )


def _note(store: Store, item_id: str, noted: StripeObject) -> None:
    item = store.get("subscription_item", item_id)
    if item is None:
        return
    lasting = [known for known in item.get("_debits", ()) if known["end"] > noted["start"]]
    store.put(item | {"_debits": [*lasting, noted]})


def _amount(store: Store, noted: StripeObject) -> tuple[int, StripeObject] | None:
    """What was debited and its name; None when its draft has been deleted since."""
    if "invoice_item" in noted:
        return _by_item(store, noted["invoice_item"])
    return _by_lines(store, noted["lines"])


def _by_item(store: Store, id: str) -> tuple[int, StripeObject] | None:
    """A debit that waits as an invoice item, or has become a line since."""
    item = store.get("invoiceitem", id)
    if item is None:
        return None
    line = line_of(store, item)
    if line is not None:
        return _by_lines(store, [line["id"]])
    names = {"type": "invoice_item", "invoice_item": id, "invoice_line_item_details": None}
    return item["amount"], names


def _by_lines(store: Store, ids: list[str]) -> tuple[int, StripeObject] | None:
    lines = [line for id in ids if (line := store.get("line_item", id)) is not None]
    if not lines:
        return None
    details = {"invoice": lines[0]["invoice"], "invoice_line_items": ids}
    names = {"type": "invoice_line_items", "invoice_item": None}
    return sum(_net(line) for line in lines), names | {"invoice_line_item_details": details}


def _net(line: StripeObject) -> int:
    return int(line["amount"] - sum(share["amount"] for share in line["discount_amounts"]))
