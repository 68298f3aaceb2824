"""A price's ladder as a person sees it: each step's bounds and price, and the part used in it."""

from decimal import Decimal

from portal.rating.price import Price, Tier
from portal.rating.rate import RatedAmount, RatedLine
from portal.services.reports import TierStep

_NOTHING = Decimal(0)


def tier_steps(rated: RatedAmount) -> tuple[TierStep, ...]:
    """All steps of the rated price in order, those not reached included; amounts add up."""
    price = rated.price
    if not price.tiers:
        return (_only_step(price, rated),)
    floors = [_NOTHING, *(tier.up_to or _NOTHING for tier in price.tiers)]
    return tuple(
        _step(floor, tier, [line for line in rated.lines if line.tier == number])
        for number, (floor, tier) in enumerate(zip(floors, price.tiers, strict=False), start=1)
    )


def included_quantity(price: Price) -> Decimal:
    """How much is free before anything costs: the graduated tiers at the start without a price."""
    included = _NOTHING
    for tier in price.tiers if price.tiers_mode == "graduated" else ():
        if tier.unit_amount_decimal or tier.flat_amount_decimal or tier.up_to is None:
            break
        included = tier.up_to
    return included


def _step(floor: Decimal, tier: Tier, lines: list[RatedLine]) -> TierStep:
    return TierStep(
        starts_at=floor,
        up_to=tier.up_to,
        unit_amount_decimal=tier.unit_amount_decimal,
        flat_amount_decimal=tier.flat_amount_decimal,
        quantity=sum((line.quantity for line in lines), _NOTHING),
        amount=sum(line.amount for line in lines),
    )


def _only_step(price: Price, rated: RatedAmount) -> TierStep:
    package = price.transform_quantity
    unit_amount = price.unit_amount_decimal or _NOTHING
    return TierStep(
        starts_at=_NOTHING,
        up_to=None,
        unit_amount_decimal=unit_amount / package.divide_by if package else unit_amount,
        flat_amount_decimal=None,
        quantity=rated.quantity,
        amount=rated.amount,
    )
