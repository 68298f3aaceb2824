"""What more usage would do to an amount: the next unit, the next tier, what-if quantities.

Nothing here assumes that more costs more. At a volume price the amount falls where a cheaper tier
begins, and within a package more costs nothing.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from portal.rating.precision import exact_digits
from portal.rating.price import Price, Tier
from portal.rating.rate import RatedAmount, rate


@dataclass(frozen=True, slots=True)
class NextUnit:
    """One more unit: the tier it lands in, that tier's rate, and what it adds to the exact amount.

    `adds` is more than the rate where the unit opens a tier with a flat fee or a package, 0 within
    a package, and negative where all units become cheaper.
    """

    tier: int | None
    unit_amount_decimal: Decimal
    adds: Decimal


@dataclass(frozen=True, slots=True)
class NextTier:
    """The tier that comes next, its number, and how much still fits before it begins."""

    number: int
    tier: Tier
    distance: Decimal


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Two quantities at one price, each rated on its own."""

    now: RatedAmount
    then: RatedAmount

    @property
    def difference(self) -> int:
        """What the second costs more than the first, in minor units; negative if it costs less."""
        return self.then.amount - self.now.amount


def what_if(price: Price, quantity: Decimal, other: Decimal) -> WhatIf:
    """What another quantity would cost instead."""
    return WhatIf(rate(price, quantity), rate(price, other))


def next_unit(price: Price, quantity: Decimal) -> NextUnit:
    """What one more unit costs; below zero it counts from 0, as the bill does."""
    quantity = max(quantity, Decimal(0))
    with exact_digits():
        compared = what_if(price, quantity, quantity + 1)
        adds = compared.then.exact - compared.now.exact
    landed = [line for line in compared.then.lines if line.unit_amount_decimal is not None][-1]
    return NextUnit(landed.tier, landed.unit_amount_decimal or Decimal(0), adds)


def next_tier(price: Price, quantity: Decimal) -> NextTier | None:
    """The tier after the one that the quantity is in; None in the last one, or without tiers."""
    quantity = max(quantity, Decimal(0))
    for number, tier in enumerate(price.tiers, start=1):
        if tier.up_to is not None and quantity <= tier.up_to:
            with exact_digits():
                return NextTier(number + 1, price.tiers[number], tier.up_to - quantity)
    return None


def cheaper_with_more(price: Price, quantity: Decimal) -> WhatIf | None:
    """The larger whole quantity that costs least, if it costs less than this one; else None.

    Within a tier more never costs less, so only the first whole unit of each later tier is tried.
    """
    bounds = [tier.up_to for tier in price.tiers if tier.up_to is not None]
    with exact_digits():
        larger = [bound.to_integral_value(ROUND_FLOOR) + 1 for bound in bounds if bound >= quantity]
    tried = [what_if(price, quantity, start) for start in larger]
    cheapest = min(tried, key=lambda one: one.difference, default=None)
    return cheapest if cheapest and cheapest.difference < 0 else None
