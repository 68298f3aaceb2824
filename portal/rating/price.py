"""Prices as values: what Stripe's price object says about money, checked once and frozen.

Nothing is rated here; the tier walk is in tiers.py, the amounts are in rate.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.errors import PortalError

PER_UNIT = "per_unit"
TIERED = "tiered"
GRADUATED = "graduated"
VOLUME = "volume"


class UnusablePrice(PortalError):
    """The price cannot be rated; `price_id` names it."""

    def __init__(self, price_id: str, problem: str, *, next_step: str = "") -> None:
        super().__init__(f"Price {price_id} {problem}.", next_step=next_step)
        self.price_id = price_id


class UnknownBillingScheme(UnusablePrice):
    """The billing scheme is neither per_unit nor tiered."""


class UnknownTiersMode(UnusablePrice):
    """The price is tiered, but its mode is neither graduated nor volume."""


class MissingTiers(UnusablePrice):
    """The price is tiered, but its tiers are not there: Stripe sends them only when expanded."""


class TiersOutOfOrder(UnusablePrice):
    """The tiers' upper bounds do not rise to an open last one."""


class MissingUnitAmount(UnusablePrice):
    """A per-unit price without an amount, such as one that the payer chooses."""


class UnknownRounding(UnusablePrice):
    """A package is rounded neither up nor down, or divides by nothing."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of a price; amounts in minor units, `up_to` inclusive, None on the open last one."""

    up_to: Decimal | None
    unit_amount_decimal: Decimal
    flat_amount_decimal: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TransformQuantity:
    """A package: the quantity is divided and rounded "up" or "down" before the price applies."""

    divide_by: int
    round: str


@dataclass(frozen=True, slots=True)
class Price:
    """What a unit costs, in Stripe's words; amounts in minor units, up to 12 decimals.

    The tiers are checked on the way in: bounds above zero that rise strictly, and only the last
    one open (https://docs.stripe.com/api/prices/create#create_price-tiers).
    """

    id: str
    currency: str
    billing_scheme: str
    unit_amount_decimal: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    transform_quantity: TransformQuantity | None = None

    def __post_init__(self) -> None:
        if self.billing_scheme == PER_UNIT:
            self._check_per_unit()
        elif self.billing_scheme == TIERED:
            self._check_tiers()
        else:
            raise UnknownBillingScheme(self.id, f"has the billing scheme {self.billing_scheme!r}")

    def _check_per_unit(self) -> None:
        if self.unit_amount_decimal is None:
            raise MissingUnitAmount(self.id, "is per unit but has no unit amount")
        package = self.transform_quantity
        if package and (package.round not in ("up", "down") or package.divide_by < 1):
            raise UnknownRounding(
                self.id, f"divides by {package.divide_by} and rounds {package.round!r}"
            )

    def _check_tiers(self) -> None:
        if self.tiers_mode not in (GRADUATED, VOLUME):
            raise UnknownTiersMode(self.id, f"has the tiers mode {self.tiers_mode!r}")
        if not self.tiers:
            raise MissingTiers(
                self.id, "is tiered but its tiers are missing", next_step="Read it with its tiers."
            )
        *bounds, last = [tier.up_to for tier in self.tiers]
        if last is not None:
            raise TiersOutOfOrder(self.id, f"ends at {last} instead of in an open tier")
        floor = Decimal(0)
        for bound in bounds:
            if bound is None or bound <= floor:
                raise TiersOutOfOrder(self.id, f"has a tier up to {bound} after {floor}")
            floor = bound


def price_from_stripe(stripe_price: Mapping[str, Any]) -> Price:
    """A Stripe price object, its tiers expanded, as a Price.

    Decimals may come as text (the wire) or as Decimal (the SDK). Raises a child of UnusablePrice.
    """
    return Price(
        id=stripe_price["id"],
        currency=stripe_price["currency"],
        billing_scheme=stripe_price["billing_scheme"],
        unit_amount_decimal=_amount(stripe_price, "unit_amount"),
        tiers=tuple(map(_tier, stripe_price.get("tiers") or ())),
        tiers_mode=stripe_price.get("tiers_mode"),
        transform_quantity=_transform_quantity(stripe_price.get("transform_quantity")),
    )


def _tier(stripe_tier: Mapping[str, Any]) -> Tier:
    up_to = stripe_tier.get("up_to")
    return Tier(
        up_to=None if up_to in (None, "inf") else Decimal(str(up_to)),
        unit_amount_decimal=_amount(stripe_tier, "unit_amount") or Decimal(0),
        flat_amount_decimal=_amount(stripe_tier, "flat_amount"),
    )


def _transform_quantity(stripe_transform: Mapping[str, Any] | None) -> TransformQuantity | None:
    if stripe_transform is None:
        return None
    return TransformQuantity(int(stripe_transform["divide_by"]), stripe_transform["round"])


def _amount(holder: Mapping[str, Any], name: str) -> Decimal | None:
    """The decimal twin of an amount when there is one: it is exact where the whole one is null."""
    value = holder.get(f"{name}_decimal")
    if value is None:
        value = holder.get(name)
    return None if value is None else Decimal(str(value))
