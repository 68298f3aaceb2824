"""Redeeming coupons and promotion codes into discounts, by the rules under which they were offered.

https://docs.stripe.com/billing/subscriptions/coupons
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.money import round_amount
from portal.sandbox import lookup
from portal.sandbox.billing.discounts import amount_off, new_discount, remove_discount
from portal.sandbox.billing.full_prices import gross_price
from portal.sandbox.events import differences, save_change
from portal.sandbox.included import items_of
from portal.sandbox.offers import is_valid
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_MOST_DISCOUNTS = 20
_SOURCES = ("coupon", "discount", "promotion_code")
# Under which of a discount's fields the id of what it is for stands.
_HOLDERS = {"invoiceitem": "invoice_item"}


@dataclass(frozen=True, slots=True)
class Purchase:
    """Who redeems a discount, in which currency and at which parameter of the request.

    `amount` is what is bought for, where that is known already; a promotion code may require some.
    """

    customer: StripeObject
    currency: str | None
    param: str = "discounts"
    amount: int | None = None


def apply_discounts(
    store: Store, owner: StripeObject, asked: Any, purchase: Purchase
) -> StripeObject:
    """The owner with the discounts that a request asks for instead of those it had; not kept yet.

    The owner is a subscription, one of its items, an invoice or an invoice item. An empty text
    takes all discounts away, an empty list none; one that is named by its id stays as it is.
    """
    if asked == []:
        return owner
    wanted: Sequence[StripeObject] = asked or ()
    if len(wanted) > _MOST_DISCOUNTS:
        raise Refused(f"You can apply at most {_MOST_DISCOUNTS} discounts.", param=purchase.param)
    ids = [
        _discount(store, owner, one, purchase, f"{purchase.param}[{place}]")
        for place, one in enumerate(wanted)
    ]
    for id in ids:
        discount = store.get("discount", id)
        if discount is not None and id not in owner["discounts"] and _is_of(discount, owner):
            _tell_of(store, owner, discount)
    for id in owner["discounts"]:
        discount = store.get("discount", id)
        if discount is not None and id not in ids and _is_of(discount, owner):
            remove_discount(store, discount)
    return owner | {"discounts": ids}


def discount_customer(store: Store, customer: StripeObject, asked: StripeObject) -> StripeObject:
    """The customer, kept with a discount for all invoices whose subscription has none."""
    purchase = Purchase(customer, customer["currency"], param="discount")
    before = store.get("discount", customer["discount"] or "")
    discount = _discount(store, customer, asked, purchase, "discount")
    after = store.get("discount", discount) or {}
    if before is None:
        store.emit("customer.discount.created", after)
    else:
        # https://docs.stripe.com/api/events/types: the customer switched to another coupon.
        store.emit("customer.discount.updated", after, differences(before, after))
    return save_change(store, "customer.updated", customer | {"discount": discount})


def _discount(
    store: Store, owner: StripeObject, asked: StripeObject, purchase: Purchase, param: str
) -> str:
    """The id of the discount that one entry of the list stands for, made if it is not there."""
    named = [name for name in _SOURCES if asked.get(name)]
    if len(named) != 1:
        raise Refused(
            f"You must specify exactly one of {', '.join(_SOURCES)} in each discount.", param=param
        )
    (name,) = named
    where = f"{param}[{name}]"
    if name == "discount":
        return _known(store, asked[name], purchase, where)
    if name == "coupon":
        coupon = lookup.named(store, "coupon", asked[name], where)
        return _redeemed(store, owner, coupon, purchase, where)
    code = lookup.named(store, "promotion_code", asked[name], where)
    coupon = lookup.named(store, "coupon", code["promotion"]["coupon"], where)
    _check_code(store, code, purchase, where)
    _check_minimum(code, _bought_for(store, owner, purchase), purchase, where)
    made = _redeemed(store, owner, coupon, purchase, where, code["id"])
    save_change(store, "promotion_code.updated", _counted(code))
    return made


def _tell_of(store: Store, owner: StripeObject, discount: StripeObject) -> None:
    """Only what a customer or a subscription has from now on is told of."""
    if owner["object"] not in ("invoice", "invoiceitem"):
        store.emit("customer.discount.created", discount)


def _known(store: Store, id: str, purchase: Purchase, param: str) -> str:
    found = lookup.named(store, "discount", id, param)
    if found["customer"] != purchase.customer["id"]:
        raise lookup.no_such("discount", id, param=param)
    return id


def _redeemed(  # noqa: PLR0913 - by what, for whom, and where the request asked for it
    store: Store,
    owner: StripeObject,
    coupon: StripeObject,
    purchase: Purchase,
    param: str,
    promotion_code: str | None = None,
) -> str:
    _check_coupon(store, coupon, purchase, param)
    at = store.now(purchase.customer)
    holder = {"customer": purchase.customer["id"], **_place(owner)}
    made = new_discount(store, coupon, at, promotion_code, **holder)
    save_change(store, "coupon.updated", _counted(store.get("coupon", coupon["id"]) or coupon))
    return str(made["id"])


def _place(owner: StripeObject) -> dict[str, str | None]:
    """Which fields of a discount say what it is for; a customer needs none besides its own."""
    kind = str(owner["object"])
    if kind == "customer":
        return {}
    place: dict[str, str | None] = {_HOLDERS.get(kind, kind): owner["id"]}
    if kind == "subscription_item":
        place["subscription"] = owner["subscription"]
    return place


def _is_of(discount: StripeObject, owner: StripeObject) -> bool:
    return all(discount[name] == id for name, id in _place(owner).items())


def _counted(offer: StripeObject) -> StripeObject:
    return offer | {"times_redeemed": offer["times_redeemed"] + 1}


def _check_coupon(store: Store, coupon: StripeObject, purchase: Purchase, param: str) -> None:
    if not is_valid(store, coupon):
        raise Refused(f"Coupon expired: {coupon['id']}", code="coupon_expired", param=param)
    is_amount = coupon["amount_off"] is not None and purchase.currency is not None
    if is_amount and amount_off(coupon, str(purchase.currency)) is None:
        raise Refused(
            f"The coupon `{coupon['id']}` is in `{coupon['currency']}` and cannot be used for an "
            f"amount in `{purchase.currency}`.",
            param=param,
        )


def _check_code(store: Store, code: StripeObject, purchase: Purchase, param: str) -> None:
    if not is_valid(store, code):
        raise Refused(
            f"This promotion code cannot be redeemed any more: {code['code']}",
            code="promotion_code_expired" if code["active"] else None,
            param=param,
        )
    if code["customer"] not in (None, purchase.customer["id"]):
        raise Refused(
            "This promotion code cannot be redeemed because it belongs to another customer.",
            param=param,
        )
    if code["restrictions"]["first_time_transaction"] and _has_paid(store, purchase.customer):
        raise Refused(
            "This promotion code cannot be redeemed because the associated customer has prior "
            "transactions.",
            param=param,
        )


def _bought_for(store: Store, owner: StripeObject, purchase: Purchase) -> int | None:
    """What is bought: the amount that the request names, or what the owner costs in advance."""
    kind, currency = owner["object"], str(purchase.currency)
    if purchase.amount is not None or kind in ("customer", "invoiceitem"):
        return purchase.amount
    if kind == "invoice":
        return int(owner["subtotal"])
    items = items_of(store, owner) if kind == "subscription" else [owner]
    return sum(round_amount(gross_price(store, currency, item)) for item in items)


def _check_minimum(
    code: StripeObject, bought_for: int | None, purchase: Purchase, param: str
) -> None:
    least = _minimum(code["restrictions"], purchase.currency)
    if least is not None and (bought_for is None or bought_for < least):
        raise Refused(
            "This promotion code cannot be redeemed because the minimum amount of "
            f"{least} {purchase.currency} is not reached.",
            param=param,
        )


def _minimum(restrictions: StripeObject, currency: str | None) -> int | None:
    if restrictions["minimum_amount_currency"] == currency:
        least: int | None = restrictions["minimum_amount"]
        return least
    option = (restrictions.get("currency_options") or {}).get(currency)
    return None if option is None else int(option["minimum_amount"])


def _has_paid(store: Store, customer: StripeObject) -> bool:
    """https://docs.stripe.com/api/promotion_codes/object: whether there was a purchase before."""
    paid = store.look_each("invoice", customer=customer["id"], status="paid")
    charges = store.look_each("charge", customer=customer["id"])
    return any(one["amount_paid"] for one in paid) or any(one["paid"] for one in charges)
