"""Invoice items that only a preview has, or has otherwise than they are kept.

https://docs.stripe.com/api/invoices/create_preview#create_create_preview-invoice_items
"""

from collections.abc import Sequence
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_item_changes import change_item
from portal.sandbox.resources.invoice_item_shape import make_item
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_MOST = 250
PREVIEW_ITEM_PARAMS = (
    "amount", "currency", "description", "discountable", "discounts", "invoiceitem", "metadata",
    "period", "price", "price_data", "quantity", "quantity_decimal", "tax_rates", "unit_amount",
    "unit_amount_decimal",
)  # fmt: skip


def add_previewed_items(
    store: Store,
    customer: StripeObject,
    asked: Sequence[StripeObject],
    currency: str,
    subscription: str | None,
) -> None:
    """Let the items wait for the invoice that is previewed; only to be done speculating."""
    if len(asked) > _MOST:
        raise Refused(f"You can preview at most {_MOST} invoice items.", param="invoice_items")
    for position, one in enumerate(asked):
        param, wanted = f"invoice_items[{position}]", _as_items_say(one)
        if "invoiceitem" in one:
            known = lookup.named(store, "invoiceitem", one["invoiceitem"], f"{param}[invoiceitem]")
            change_item(store, known, wanted, param)
        else:
            of = {"currency": currency, "subscription": subscription}
            make_item(store, customer, of | wanted, None, param)


def _as_items_say(asked: StripeObject) -> StripeObject:
    """The request in the words of invoice items, which name prices and amounts otherwise."""
    named = {name: value for name, value in asked.items() if name not in ("price", "unit_amount")}
    if "price" in asked:
        named["pricing"] = {"price": asked["price"]}
    if "unit_amount" in asked:
        named["unit_amount_decimal"] = asked["unit_amount"]
    named.pop("invoiceitem", None)
    return named
