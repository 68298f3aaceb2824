"""Changing and removing invoice items, on their own or as lines of a draft.

https://docs.stripe.com/api/invoiceitems/update
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.invoice_items import pricing_of
from portal.sandbox.fields import decimal_text, given, merged_metadata
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_item_money import MONEY, money_of
from portal.sandbox.resources.invoice_item_shape import discounts_of, extras_of, period_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def change_item(
    store: Store, item: StripeObject, asked: StripeObject, param: str = ""
) -> StripeObject:
    """Keep the invoice item with what the request changes of it."""
    changed = item | given(asked, ("description", "discountable"))
    if MONEY & asked.keys():
        changed |= _money(store, item, asked, param)
    if "period" in asked:
        start, end = period_of(asked, item["date"], param)
        changed["period"] = {"start": start, "end": end}
    if "tax_rates" in asked:
        changed["tax_rates"] = extras_of(store, asked, param)["tax_rates"]
    if "discounts" in asked:
        amount = changed["amount"]
        changed["discounts"] = discounts_of(store, item, asked["discounts"], amount, param)
    if "metadata" in asked:
        changed["metadata"] = merged_metadata(item["metadata"], asked["metadata"])
    changed["net_amount"] = None if changed["discountable"] else changed["amount"]
    # https://docs.stripe.com/api/events/types has no event for this.
    return store.put(changed)


def remove_item(store: Store, item: StripeObject) -> StripeObject:
    """Forget the invoice item, and give its tombstone."""
    store.emit("invoiceitem.deleted", item)
    store.delete("invoiceitem", item["id"])
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def draft_of(store: Store, item: StripeObject) -> StripeObject | None:
    """The draft that the item is on, None while it waits; one on a final invoice is fixed."""
    if item["invoice"] is None:
        return None
    invoice = store.get("invoice", item["invoice"])
    if invoice is None or invoice.get("deleted"):
        raise Refused("This invoice item has been deleted.")
    require_draft(invoice)
    return invoice


def require_draft(invoice: StripeObject, param: str = "invoice") -> None:
    """Refuse to change the lines of an invoice that is not a draft any more."""
    if invoice["status"] != "draft":
        raise Refused(
            "Invalid invoice: This invoice is no longer editable",
            code="invoice_not_editable",
            param=param,
        )


def _money(store: Store, item: StripeObject, asked: StripeObject, param: str) -> StripeObject:
    """What it costs after the change: another price, another amount, or more of the same."""
    if item["proration"] and asked.keys() & (MONEY - {"amount"}):
        raise Refused("The quantity and price of a proration cannot be changed.", param=param)
    wanted = {name: asked[name] for name in MONEY if name in asked}
    if not wanted.keys() - {"quantity", "quantity_decimal"}:
        price = lookup.get(store, "price", item["pricing"]["price_details"]["price"])
        money = money_of(store, wanted, item["currency"], param, price=price)
    else:
        money = money_of(store, wanted, item["currency"], param)
    return {
        "amount": money["amount"],
        "pricing": pricing_of(money["price"], money["unit_amount_decimal"]),
        "quantity": int(money["quantity"]),
        "quantity_decimal": decimal_text(money["quantity"]),
    }
