"""Charges that wait for the next invoice, as invoice items in the meantime."""

from typing import Any

from portal.sandbox.billing.charges import Charge, is_metered, measured
from portal.sandbox.billing.invoice_items import add_invoice_item, item_of_line
from portal.sandbox.billing.lines import charge_lines
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def defer(
    store: Store, ledger: UsageLedger, subscription: StripeObject, charge: Charge, at: int
) -> list[StripeObject]:
    """The invoice items that stand for a charge; for usage that did not happen there are none."""
    customer = store.get("customer", subscription["customer"]) or {}
    owed = measured(store, ledger, customer["id"], charge)
    lines = charge_lines(store, subscription, owed)
    is_unused = is_metered(owed.price) and owed.quantity <= 0
    if is_unused and not any(line["amount"] for line in lines):
        return []
    return [add_invoice_item(store, customer, **item_of_line(store, line, at)) for line in lines]
