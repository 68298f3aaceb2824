"""What an item costs for a whole period, as a change reckons with it.

https://docs.stripe.com/billing/subscriptions/prorations#prorations-and-discounts
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.money import round_amount
from portal.rating.invoice import BillLine, rate_invoice
from portal.rating.price import price_from_stripe
from portal.rating.rate import rate
from portal.sandbox.billing.charges import price_of
from portal.sandbox.billing.discounts import inherited, rated_discounts
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FullPrice:
    """The price of a whole period, and the discounts that come off it: (id, amount) each."""

    gross: Decimal
    discounts: tuple[tuple[str, int], ...] = ()

    @property
    def net(self) -> Decimal:
        """What is left of the price."""
        return self.gross - sum(amount for _, amount in self.discounts)


def full_price(
    store: Store, subscription: StripeObject, item: StripeObject, sharing: Sequence[StripeObject]
) -> FullPrice:
    """The item's price by now; `sharing` are all items by which its discounts are shared."""
    gross = gross_price(store, subscription["currency"], item)
    at, currency = store.now(subscription["customer"]), subscription["currency"]
    of_all = rated_discounts(store, inherited(store, subscription, at), currency)
    if not of_all and not item["discounts"]:
        return FullPrice(gross)
    lines = _bill(store, subscription, sharing)
    rated = rate_invoice(lines, discounts=of_all)
    (own,) = (line for line in rated.lines if line.line.key == item["id"])
    return FullPrice(gross, own.discount_amounts)


def gross_price(store: Store, currency: str, item: StripeObject) -> Decimal:
    """What a quantity of an item costs in the currency; a metered item has none and no price."""
    if item["quantity"] is None:
        return Decimal(0)
    price = price_from_stripe(price_of(store, item), currency)
    return rate(price, Decimal(item["quantity"])).exact


def _bill(
    store: Store, subscription: StripeObject, items: Iterable[StripeObject]
) -> list[BillLine]:
    """The items as the lines of a bill for a whole period."""
    return [
        BillLine(
            key=item["id"],
            amount=round_amount(gross_price(store, subscription["currency"], item)),
            product=price_of(store, item)["product"],
            price=item["price"],
            is_metered=False,
            period_end=item["current_period_end"],
            discounts=rated_discounts(store, item["discounts"], subscription["currency"]),
        )
        for item in items
    ]
