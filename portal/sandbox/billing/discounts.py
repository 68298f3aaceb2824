"""Discounts: coupons as they are applied to a customer, a subscription, an invoice or its items.

https://docs.stripe.com/billing/subscriptions/coupons. A discount keeps the terms that its coupon
had when it was redeemed, whatever becomes of the coupon.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from portal.rating.invoice import Discount
from portal.sandbox.billing.periods import next_boundary
from portal.sandbox.events import save_change
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# What is kept of a discount that ends, so that the clock comes to it.
END = "sandbox.discount_end"
# What a coupon takes off, and of what.
_TERMS = (
    "amount_off",
    "currency",
    "currency_options",
    "duration",
    "duration_in_months",
    "applies_to",
    "_percent_off",
)


def rated_discounts(store: Store, ids: Iterable[str], currency: str) -> tuple[Discount, ...]:
    """The discounts as the rating takes them; amounts are those of the currency."""
    found = (store.look("discount", id) for id in ids)
    return tuple(_rated(discount, currency) for discount in found if discount is not None)


def inherited(store: Store, subscription: StripeObject, at: int) -> list[str]:
    """The discounts of a new invoice: its subscription's, or if that has none the customer's.

    https://docs.stripe.com/api/invoices/create#create_invoice-discounts
    """
    ids = _holding(store, subscription.get("discounts") or (), at, None)
    customer = store.look("customer", subscription["customer"]) or {}
    of_customer = customer.get("discount")
    return ids or _holding(store, [of_customer] if of_customer else (), at, None)


def in_force(store: Store, ids: Iterable[str], invoice: StripeObject) -> list[str]:
    """Those of the discounts that hold for an invoice: when it was made, and not used up before."""
    return _holding(store, ids, invoice["created"], invoice["id"])


def new_discount(
    store: Store,
    coupon: StripeObject,
    at: int,
    promotion_code: str | None = None,
    **holder: str | None,
) -> StripeObject:
    """Keep a discount by the coupon, which the holder's fields (customer, invoice, …) are given."""
    fields = ("customer", "invoice", "invoice_item", "subscription", "subscription_item")
    made = store.put(
        {
            "id": store.new_id("di"),
            "object": "discount",
            "checkout_session": None,
            "customer_account": None,
            "end": _end(coupon, at),
            "promotion_code": promotion_code,
            "source": {"coupon": coupon["id"], "type": "coupon"},
            "start": at,
            **{name: holder.get(name) for name in fields},
            "_terms": {name: coupon[name] for name in _TERMS},
        }
    )
    if made["end"] is not None:
        customer = store.look("customer", made["customer"]) or {}
        ending = {"object": END, "id": made["id"], "test_clock": customer.get("test_clock")}
        store.put(ending | {"_due_at": made["end"]})
    return made


def end_discount(store: Store, ending: StripeObject) -> None:
    """Let a discount go whose months are over."""
    store.delete(END, ending["id"])
    discount = store.get("discount", ending["id"])
    if discount is not None:
        _take_off(store, discount)


def finish_discounts(store: Store, invoice: StripeObject, lines: Sequence[StripeObject]) -> None:
    """Take the discounts that are given once, and were given by this invoice, off their holders."""
    given = {one["discount"] for line in lines for one in line["discount_amounts"] if one["amount"]}
    for id in given:
        discount = store.get("discount", id) or {}
        if discount.get("_terms", {}).get("duration") == "once" and "_used_by" not in discount:
            store.put(discount | {"_used_by": invoice["id"]})
            _take_off(store, discount)


def remove_discount(store: Store, discount: StripeObject) -> None:
    """Tell that a discount no longer holds for its customer or subscription."""
    if discount["invoice"] is None and discount["invoice_item"] is None:
        store.emit("customer.discount.deleted", discount)


def _rated(discount: Any, currency: str) -> Discount:
    terms = discount["_terms"]
    products = (terms["applies_to"] or {}).get("products")
    percent = terms["_percent_off"]
    return Discount(
        id=discount["id"],
        percent_off=None if percent is None else Decimal(percent),
        amount_off=amount_off(terms, currency),
        products=None if products is None else frozenset(products),
    )


def amount_off(coupon: StripeObject, currency: str) -> int | None:
    """What a coupon takes off in the currency; None when it is not for that currency."""
    if coupon["currency"] == currency:
        amount: int | None = coupon["amount_off"]
        return amount
    option = (coupon["currency_options"] or {}).get(currency)
    return None if option is None else int(option["amount_off"])


def _end(coupon: StripeObject, start: int) -> int | None:
    if coupon["duration"] != "repeating":
        return None
    months = {"interval": "month", "interval_count": coupon["duration_in_months"]}
    return next_boundary(start, months, start)


def _holding(store: Store, ids: Iterable[str], at: int, invoice: str | None) -> list[str]:
    found = ((id, store.look("discount", id)) for id in ids)
    return [
        id
        for id, discount in found
        if discount is not None
        and _holds(discount, at, invoice)
        and not _is_spoken_for(store, discount, at)
    ]


def _holds(discount: Any, at: int, invoice: str | None) -> bool:
    is_over = discount["end"] is not None and discount["end"] <= at
    return not is_over and discount.get("_used_by", invoice) == invoice


def _is_spoken_for(store: Store, discount: Any, at: int) -> bool:
    """Whether a draft that was made before will use up a discount that is given once."""
    if discount["_terms"]["duration"] != "once" or "_used_by" in discount:
        return False
    drafts = store.look_each("invoice", customer=discount["customer"], status="draft")
    return any(
        one["amount"] > 0 and one["discount"] == discount["id"]
        for draft in drafts
        if draft["created"] < at
        for one in draft["total_discount_amounts"]
    )


def _take_off(store: Store, discount: StripeObject) -> None:
    """Let the customer, subscription or item that has the discount go on without it."""
    for kind in ("subscription", "subscription_item"):
        holder = store.get(kind, discount[kind] or "")
        if holder is not None and discount["id"] in holder["discounts"]:
            left = [id for id in holder["discounts"] if id != discount["id"]]
            _keep(store, holder | {"discounts": left})
            remove_discount(store, discount)
    customer = store.get("customer", discount["customer"] or "") or {}
    if customer.get("discount") == discount["id"]:
        save_change(store, "customer.updated", customer | {"discount": None})
        remove_discount(store, discount)


def _keep(store: Store, holder: StripeObject) -> None:
    if holder["object"] == "subscription":
        save_change(store, "customer.subscription.updated", holder)
    else:
        store.put(holder)
