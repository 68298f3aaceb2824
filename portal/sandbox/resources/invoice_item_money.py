"""What an invoice item costs: an amount, a rate, or a price, times a quantity.

https://docs.stripe.com/api/invoiceitems/create. Behind an amount of its own stands a price too,
which is made for it.
"""

from decimal import Decimal
from typing import Any

from portal.money import round_amount
from portal.rating.price import price_from_stripe
from portal.rating.rate import rate
from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.fields import decimal_text
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.price_rules import currency as currency_code
from portal.sandbox.resources.prices import make_price
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# What a request says of an item's money; changing one of them means to work it out anew.
MONEY = frozenset(
    ("amount", "price_data", "pricing", "quantity", "quantity_decimal", "unit_amount_decimal")
)
_ONE_WAY = ("amount", "unit_amount_decimal", "price_data", "pricing")
_UNNAMED = "Invoice item"


def money_of(
    store: Store,
    asked: StripeObject,
    currency: str | None,
    param: str = "",
    *,
    price: StripeObject | None = None,
) -> StripeObject:
    """Amount, currency, price, unit amount and quantity of what the request describes.

    `price` is what it cost before, for a request that names another quantity only.
    """
    ways = [name for name in _ONE_WAY if name in asked]
    if len(ways) > 1:
        raise _either(ways[0], ways[1], param)
    if not ways and price is not None:
        return _priced(price, currency, _quantity(asked, param))
    if not ways:
        raise Refused(
            f"Missing required param: {bracketed('amount', param)}.",
            code="parameter_missing",
            param=bracketed("amount", param),
        )
    quantity = _quantity(asked, param)
    if ways[0] in ("amount", "unit_amount_decimal"):
        return _plain(store, asked, quantity, asked.get("currency") or currency, param)
    price = _price(store, asked, param)
    if currency not in (None, price["currency"], *(price["currency_options"] or ())):
        raise Refused(
            f"The price specified only supports `{price['currency']}`. This doesn't match the "
            f"expected currency: `{currency}`.",
            param=bracketed("pricing[price]", param),
        )
    return _priced(price, currency, quantity)


def bracketed(name: str, param: str) -> str:
    """A parameter's name inside another: `lines[0][amount]`, or the name alone."""
    if not param:
        return name
    first, bracket, rest = name.partition("[")
    return f"{param}[{first}]{bracket}{rest}"


def _quantity(asked: StripeObject, param: str) -> Decimal:
    if "amount" in asked:
        for name in ("quantity", "quantity_decimal"):
            if name in asked:
                raise _either("amount", name, param)
    if "quantity" in asked and "quantity_decimal" in asked:
        raise _either("quantity", "quantity_decimal", param)
    name = "quantity" if "quantity" in asked else "quantity_decimal"
    quantity = Decimal(asked.get(name, 1))
    if quantity < 0:
        raise Refused(
            "This value must be greater than or equal to 0.", param=bracketed("quantity", param)
        )
    return quantity


def _plain(
    store: Store, asked: StripeObject, quantity: Decimal, currency: str | None, param: str
) -> StripeObject:
    """An amount of its own, or a rate of its own times the quantity."""
    if not currency:
        raise Refused(
            "Missing required param: currency.", code="parameter_missing", param="currency"
        )
    code = currency_code(currency, bracketed("currency", param))
    unit_amount = Decimal(asked["amount" if "amount" in asked else "unit_amount_decimal"])
    return {
        "amount": round_amount(unit_amount * quantity),
        "currency": code,
        "price": _price_of_amount(store, code, unit_amount),
        "quantity": quantity,
        "unit_amount_decimal": unit_amount,
    }


def _priced(price: StripeObject, currency: str | None, quantity: Decimal) -> StripeObject:
    """What the price comes to, in its own currency or in one that it is offered in too."""
    wanted = currency or price["currency"]
    offered = price if wanted == price["currency"] else price["currency_options"][wanted]
    rated = rate(price_from_stripe(price, wanted), quantity)
    return {
        "amount": sum(line.amount for line in rated.lines),
        "currency": wanted,
        "price": price,
        "quantity": quantity,
        "unit_amount_decimal": Decimal(offered["unit_amount_decimal"] or 0),
    }


def _price(store: Store, asked: StripeObject, param: str) -> StripeObject:
    """The one-time price that the request names or describes."""
    if "price_data" in asked:
        return _price_from_data(store, asked["price_data"], param)
    where = bracketed("pricing[price]", param)
    price = lookup.named(store, "price", asked["pricing"].get("price", ""), where)
    if price["type"] != "one_time":
        raise Refused(
            "The price specified is set to `type=recurring` but this field only accepts prices "
            "with `type=one_time`.",
            param=where,
        )
    if not price["active"]:
        raise Refused(
            "The price specified is inactive. This field only accepts active prices.", param=where
        )
    return price


def _price_from_data(store: Store, data: StripeObject, param: str) -> StripeObject:
    """A price made for this one use, and archived at once."""
    where = bracketed("price_data[product]", param)
    if ("product" in data) == ("product_data" in data):
        raise Refused(
            "You must specify exactly one of `product` and `product_data`.",
            code="parameter_missing",
            param=where,
        )
    if "product" in data:
        lookup.named(store, "product", data["product"], where)
    return _archived(store, make_price(store, data))


def _price_of_amount(store: Store, currency: str, unit_amount: Decimal) -> StripeObject:
    """Behind an amount of its own stands a price too, the same for the same amount."""
    same = {"currency": currency, "unit_amount_decimal": decimal_text(unit_amount)}
    known = next(store.each("price", product=_unnamed_product(store)["id"], **same), None)
    if known is not None:
        return known
    asked = {"currency": currency, "unit_amount_decimal": abs(unit_amount)}
    made = make_price(store, asked | {"product": _unnamed_product(store)["id"]})
    if unit_amount < 0:
        whole = made["unit_amount"]
        made["unit_amount"] = None if whole is None else -whole
        made["unit_amount_decimal"] = f"-{made['unit_amount_decimal']}"
    return _archived(store, made)


def _unnamed_product(store: Store) -> StripeObject:
    """What is sold where nothing is named."""
    # A product's default price is made here and a price's product there, so one must wait.
    from portal.sandbox.resources.products import make_product

    known = next(store.each("product", name=_UNNAMED), None)
    if known is not None and known.get("_unnamed"):
        return known
    made = make_product(store, {"name": _UNNAMED})
    return store.put(made | {"active": False, "_unnamed": True})


def _archived(store: Store, price: StripeObject) -> StripeObject:
    return save_change(store, "price.updated", price | {"active": False})


def _either(first: str, second: str, param: str) -> Refused:
    return Refused(
        f"You may only specify one of these parameters: {first}, {second}.",
        param=bracketed(first, param),
    )
