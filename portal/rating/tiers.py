"""The walk through a price's tiers: which ones a quantity reaches, and how much falls in each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.rating.price import Tier


@dataclass(frozen=True, slots=True)
class TierShare:
    """A tier that was reached, its number counted from 1, and the quantity rated by it."""

    number: int
    tier: Tier
    quantity: Decimal


def graduated_shares(tiers: Sequence[Tier], quantity: Decimal) -> Iterator[TierShare]:
    """Every tier that a graduated quantity reaches, in order, each with the part that lands in it.

    The first tier counts as reached at 0, so that its flat fee is charged without any usage
    (https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing).
    """
    floor = Decimal(0)
    for number, tier in enumerate(tiers, start=1):
        if tier.up_to is None or quantity <= tier.up_to:
            yield TierShare(number, tier, quantity - floor)
            return
        yield TierShare(number, tier, tier.up_to - floor)
        floor = tier.up_to


def volume_share(tiers: Sequence[Tier], quantity: Decimal) -> TierShare:
    """The single tier that holds the whole quantity; its rate goes for every unit."""
    number, tier = next(
        (number, tier)
        for number, tier in enumerate(tiers, start=1)
        if tier.up_to is None or quantity <= tier.up_to
    )
    return TierShare(number, tier, quantity)
