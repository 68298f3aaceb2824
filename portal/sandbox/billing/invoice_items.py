"""Invoice items: what waits for the next invoice, such as the prorations of a plan change.

https://docs.stripe.com/api/invoiceitems
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Required, TypedDict, Unpack

from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.fields import decimal_text
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


class NewInvoiceItem(TypedDict, total=False):
    """What an invoice item is made of.

    `price` is the price object, `subscription` and `subscription_item` are ids. `credited_items`
    says, as Stripe's invoice items do, which debit a credit is for; `discount_amounts` are those
    that a proration's amount is already net of. `invoice` puts it on a draft right away. `id` is
    one that was made for it before, for discounts that had to name it.
    """

    amount: Required[int]
    currency: Required[str]
    description: Required[str | None]
    period: Required[tuple[int, int]]
    at: Required[int]
    price: StripeObject | None
    unit_amount_decimal: Decimal | None
    quantity: Decimal
    subscription: str | None
    subscription_item: str | None
    proration: bool
    credited_items: StripeObject | None
    discount_amounts: Sequence[StripeObject]
    discountable: bool
    discounts: Sequence[str]
    tax_rates: Sequence[Any]
    metadata: StripeObject | None
    invoice: str | None
    id: str


def add_invoice_item(
    store: Store, customer: StripeObject, **given: Unpack[NewInvoiceItem]
) -> StripeObject:
    """Keep a new invoice item and tell of it; it is pending unless an invoice is named."""
    quantity = given.get("quantity", Decimal(1))
    is_proration, start_end = given.get("proration", False), given["period"]
    discountable = given.get("discountable", not is_proration)
    made = store.put(
        {
            "id": given.get("id") or store.new_id("ii"),
            "object": "invoiceitem",
            "amount": given["amount"],
            "currency": given["currency"],
            "customer": customer["id"],
            "customer_account": None,
            "date": given["at"],
            "description": given["description"],
            "discountable": discountable,
            "discounts": list(given.get("discounts", ())),
            "frozen_fields": [],
            "invoice": given.get("invoice"),
            "invoicing_rules": [],
            "livemode": False,
            "metadata": dict(given.get("metadata") or {}),
            "net_amount": None if discountable else given["amount"],
            "parent": _parent(given),
            "period": {"start": start_end[0], "end": start_end[1]},
            "pricing": pricing_of(given.get("price"), given.get("unit_amount_decimal")),
            "proration": is_proration,
            "proration_details": _proration_details(given) if is_proration else None,
            "quantity": int(quantity),
            "quantity_decimal": decimal_text(quantity),
            "tax_rates": list(given.get("tax_rates", ())),
            "test_clock": customer.get("test_clock"),
        }
    )
    store.emit("invoiceitem.created", made)
    return made


def pending_items(
    store: Store, customer: str, subscription: str | None = None
) -> list[StripeObject]:
    """What waits for an invoice, in the order of its lines; `subscription` None is any.

    A subscription's invoice takes its own items and those of no subscription. The newest come
    first; of one second those made first, a change's credit before its debit.
    """
    waiting = store.every("invoiceitem", customer=customer, invoice=None)[::-1]
    found = [
        item
        for item in waiting
        if subscription is None or subscription_of(item) in (None, subscription)
    ]
    return sorted(found, key=lambda item: -item["date"])


def has_pending(store: Store, subscription: StripeObject) -> bool:
    """Whether anything of the subscription itself waits for an invoice."""
    waiting = store.look_each("invoiceitem", customer=subscription["customer"], invoice=None)
    return any(subscription_of(item) == subscription["id"] for item in waiting)


def item_line(store: Store, invoice_item: StripeObject) -> StripeObject:
    """The invoice line that the item becomes, without an id and an invoice yet."""
    return {
        "id": None,
        "object": "line_item",
        "amount": invoice_item["amount"],
        "currency": invoice_item["currency"],
        "description": invoice_item["description"],
        "discount_amounts": [],
        "discountable": invoice_item["discountable"],
        "discounts": list(invoice_item["discounts"]),
        "invoice": None,
        "livemode": False,
        "metadata": dict(invoice_item["metadata"]),
        "parent": _line_parent(store, invoice_item),
        "period": dict(invoice_item["period"]),
        "pretax_credit_amounts": [],
        "pricing": invoice_item["pricing"],
        "quantity": invoice_item["quantity"],
        "quantity_decimal": invoice_item["quantity_decimal"],
        "subscription": subscription_of(invoice_item),
        "subtotal": invoice_item["amount"],
        "taxes": [],
        "_slot": invoice_item["id"],
        "_tax_rates": list(invoice_item["tax_rates"]),
    }


def item_of_line(store: Store, line: StripeObject, at: int) -> NewInvoiceItem:
    """What an invoice item is made of that stands for a line which is to be invoiced later."""
    details, pricing = line["parent"]["subscription_item_details"], line["pricing"]
    unit_amount = pricing["unit_amount_decimal"]
    return {
        "amount": line["amount"],
        "currency": line["currency"],
        "description": line["description"],
        "period": (line["period"]["start"], line["period"]["end"]),
        "at": at,
        "price": store.get("price", pricing["price_details"]["price"]),
        "unit_amount_decimal": None if unit_amount is None else Decimal(unit_amount),
        "quantity": Decimal(line["quantity_decimal"]),
        "subscription": details["subscription"],
        "subscription_item": details["subscription_item"],
        "discounts": line["discounts"],
        "tax_rates": line["_tax_rates"],
        "metadata": line["metadata"],
    }


def line_of(store: Store, invoice_item: StripeObject) -> StripeObject | None:
    """The line that stands for the item on its invoice; None while it is pending."""
    if invoice_item["invoice"] is None:
        return None
    lines = store.each("line_item", invoice=invoice_item["invoice"])
    return next((line for line in lines if line["_slot"] == invoice_item["id"]), None)


def pricing_of(price: StripeObject | None, unit_amount: Decimal | None) -> StripeObject:
    """The price and what a unit costs; a proration has no such amount."""
    details = {"price": price["id"], "product": price["product"]} if price else None
    return {
        "type": "price_details",
        "price_details": details,
        "unit_amount_decimal": None if unit_amount is None else decimal_text(unit_amount),
    }


def _parent(given: NewInvoiceItem) -> StripeObject | None:
    subscription = given.get("subscription")
    if subscription is None:
        return None
    item = given.get("subscription_item")
    details = {"subscription": subscription, "subscription_item": item}
    return {"type": "subscription_details", "subscription_details": details}


def _proration_details(given: NewInvoiceItem) -> StripeObject:
    return {
        "credited_items": given.get("credited_items"),
        "discount_amounts": list(given.get("discount_amounts", ())),
    }


def _line_parent(store: Store, invoice_item: StripeObject) -> StripeObject:
    """Where the line comes from: an item of a subscription, or only the invoice item."""
    details = (invoice_item["parent"] or {}).get("subscription_details") or {}
    common = {
        "invoice_item": invoice_item["id"],
        "proration": invoice_item["proration"],
        "proration_details": {"credited_items": _credited_lines(store, invoice_item)},
        "subscription": details.get("subscription"),
    }
    item = details.get("subscription_item")
    kind = "subscription_item_details" if item else "invoice_item_details"
    parent = dict.fromkeys(("invoice_item_details", "subscription_item_details"))
    return parent | {"type": kind, kind: common | ({"subscription_item": item} if item else {})}


def _credited_lines(store: Store, invoice_item: StripeObject) -> StripeObject | None:
    """The debited lines in the form of a line; a debit still pending has none yet."""
    credited = (invoice_item["proration_details"] or {}).get("credited_items")
    if credited is None:
        return None
    if credited["type"] == "invoice_line_items":
        return dict(credited["invoice_line_item_details"])
    debit = store.get("invoiceitem", credited["invoice_item"])
    line = line_of(store, debit) if debit else None
    return line and {"invoice": line["invoice"], "invoice_line_items": [line["id"]]}
