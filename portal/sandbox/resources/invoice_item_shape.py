"""What a request makes of an invoice item: its money, text, period, discounts and taxes.

https://docs.stripe.com/api/invoiceitems/create; the lines that a request adds to a draft are
described in the same words.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.invoice_items import add_invoice_item
from portal.sandbox.billing.redemption import Purchase, apply_discounts
from portal.sandbox.fields import merged_metadata
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.invoice_item_money import bracketed, money_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def make_item(
    store: Store,
    customer: StripeObject,
    asked: StripeObject,
    draft: StripeObject | None,
    param: str = "",
) -> StripeObject:
    """Keep the invoice item that the request describes: on the draft, or pending without one."""
    at = store.now(customer)
    currency = asked.get("currency") or (draft or {}).get("currency")
    if not asked.keys() & {"price_data", "pricing"}:
        # An amount of its own is in the customer's currency, where a price has one itself.
        currency = currency or customer["currency"]
    money = money_of(store, asked, currency.lower() if currency else None, param)
    if draft is not None and money["currency"] != draft["currency"]:
        raise Refused(
            f"The invoice is in {draft['currency']}, so its items must be too.",
            param=bracketed("currency", param),
        )
    blank = {"id": store.new_id("ii"), "object": "invoiceitem", "customer": customer["id"]}
    blank |= {"currency": money["currency"], "discounts": []}
    return add_invoice_item(
        store,
        customer,
        **money,
        **extras_of(store, asked, param),
        id=blank["id"],
        at=at,
        description=text_of(store, asked, money),
        discounts=discounts_of(store, blank, asked.get("discounts"), money["amount"], param),
        period=period_of(asked, at, param),
        subscription=asked.get("subscription"),
        invoice=draft["id"] if draft else None,
    )


def period_of(asked: StripeObject, at: int, param: str = "") -> tuple[int, int]:
    """When the service was given; the present second where the request does not say."""
    period = asked.get("period") or {"start": at, "end": at}
    if period["end"] < period["start"]:
        raise Refused(
            "The period's end must not be before its start.", param=bracketed("period[end]", param)
        )
    return period["start"], period["end"]


def text_of(store: Store, asked: StripeObject, money: StripeObject) -> str | None:
    """The request's own text, else the name of what is sold."""
    if "description" in asked:
        return asked["description"] or None
    product = store.look("product", money["price"]["product"]) or {}
    return None if product.get("_unnamed") else product.get("name")


def extras_of(store: Store, asked: StripeObject, param: str = "") -> StripeObject:
    """Tax rates and metadata, and whether discounts apply."""
    rates = asked.get("tax_rates") or []
    for position, id in enumerate(rates):
        lookup.named(store, "tax_rate", id, f"{bracketed('tax_rates', param)}[{position}]")
    extras = {"tax_rates": list(rates), "metadata": merged_metadata({}, asked.get("metadata"))}
    return extras | {name: asked[name] for name in ("discountable",) if name in asked}


def discounts_of(
    store: Store, item: StripeObject, asked: Any, amount: int, param: str = ""
) -> list[str]:
    """The discounts that an item gets instead of those it had."""
    customer = lookup.get(store, "customer", item["customer"])
    where = bracketed("discounts", param)
    purchase = Purchase(customer, item["currency"], param=where, amount=amount)
    ids: list[str] = apply_discounts(store, item, asked, purchase)["discounts"]
    return ids
