"""What an item costs for a whole period, as a change reckons with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.rating.price import price_from_stripe
from portal.rating.rate import rate
from portal.sandbox.billing.charges import price_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class FullPrice:
    """The price of a whole period, less the discounts that are in force: (id, amount) each."""

    gross: Decimal
    discounts: tuple[tuple[str, int], ...] = ()

    @property
    def net(self) -> Decimal:
        """What is left of the price."""
        return self.gross - sum(amount for _, amount in self.discounts)


def full_price(
    store: Store,
    subscription: StripeObject,
    item: StripeObject,
    items: Sequence[StripeObject],
) -> FullPrice:
    """The item's price; `items` are all that share the subscription's discounts."""
    price = price_from_stripe(price_of(store, item), subscription["currency"])
    rated = rate(price, Decimal(item["quantity"])).lines
    return FullPrice(sum((line.exact for line in rated), _NOTHING))
