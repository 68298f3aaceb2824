"""From a price and a quantity to the lines that Stripe's invoice would have, to the cent.

Each line is rounded once, by portal.money; the total is the sum of the rounded lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from enum import StrEnum

from portal.money import round_amount
from portal.rating.price import PER_UNIT, VOLUME, Price, TransformQuantity
from portal.rating.tiers import TierShare, graduated_shares, volume_share

# A quantity of 27 digits times a rate of 12 decimals stays exact.
_EXACT_DIGITS = 60
_NOTHING = Decimal(0)


class LineKind(StrEnum):
    """What a rated line charges for."""

    UNIT = "unit"
    FLAT = "flat"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class RatedLine:
    """One invoice line: what was multiplied, the exact product and the rounded amount.

    `tier` counts from 1 and is None without tiers. A flat line has the quantity 0. `packages` is
    how many packages the quantity made; only a package line has it.
    """

    kind: LineKind
    quantity: Decimal
    exact: Decimal
    amount: int
    tier: int | None = None
    unit_amount_decimal: Decimal | None = None
    flat_amount_decimal: Decimal | None = None
    packages: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RatedAmount:
    """A quantity rated by a price: the lines in Stripe's order, and their sum."""

    price: Price
    quantity: Decimal
    lines: tuple[RatedLine, ...]

    @property
    def amount(self) -> int:
        """The sum of the rounded lines, in minor units."""
        return sum(line.amount for line in self.lines)


def rate(price: Price, quantity: Decimal) -> RatedAmount:
    """Rate a quantity: Stripe's invoice lines for it, each rounded once.

    A negative quantity (usage that was corrected below zero) is billed as 0
    (https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api). A volume price
    may cost less for more, so nothing may assume that amounts rise with quantities.
    """
    with localcontext(prec=_EXACT_DIGITS):
        lines = tuple(_rated_lines(price, max(quantity, _NOTHING)))
    return RatedAmount(price, quantity, lines)


def _rated_lines(price: Price, quantity: Decimal) -> Iterator[RatedLine]:
    if price.billing_scheme == PER_UNIT:
        # A per-unit price without an amount cannot be made, see Price.
        unit_amount = price.unit_amount_decimal or _NOTHING
        if price.transform_quantity is None:
            yield _unit_line(quantity, unit_amount)
        else:
            yield _package_line(quantity, unit_amount, price.transform_quantity)
    elif price.tiers_mode == VOLUME:
        yield from _tier_lines(price, volume_share(price.tiers, quantity))
    else:
        for share in graduated_shares(price.tiers, quantity):
            yield from _tier_lines(price, share)


def _tier_lines(price: Price, share: TierShare) -> Iterator[RatedLine]:
    """A reached tier's unit line and, if any tier of the price has a flat fee, its flat line."""
    yield _unit_line(share.quantity, share.tier.unit_amount_decimal, share.number)
    if any(tier.flat_amount_decimal is not None for tier in price.tiers):
        flat_amount = share.tier.flat_amount_decimal or _NOTHING
        yield RatedLine(
            LineKind.FLAT,
            quantity=_NOTHING,
            exact=flat_amount,
            amount=round_amount(flat_amount),
            tier=share.number,
            flat_amount_decimal=flat_amount,
        )


def _unit_line(quantity: Decimal, unit_amount: Decimal, tier: int | None = None) -> RatedLine:
    exact = quantity * unit_amount
    return RatedLine(
        LineKind.UNIT,
        quantity=quantity,
        exact=exact,
        amount=round_amount(exact),
        tier=tier,
        unit_amount_decimal=unit_amount,
    )


def _package_line(quantity: Decimal, unit_amount: Decimal, package: TransformQuantity) -> RatedLine:
    """Whole packages, the last one begun or not counted, times the amount of a package.

    https://docs.stripe.com/billing/subscriptions/usage-based/transform-quantities
    """
    rounding = ROUND_CEILING if package.round == "up" else ROUND_FLOOR
    packages = (quantity / package.divide_by).to_integral_value(rounding)
    exact = packages * unit_amount
    return RatedLine(
        LineKind.PACKAGE,
        quantity=quantity,
        exact=exact,
        amount=round_amount(exact),
        unit_amount_decimal=unit_amount,
        packages=packages,
    )
