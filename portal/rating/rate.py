"""From a price and a quantity to the lines that Stripe's invoice would have, to the cent.

Each line is rounded once, by portal.money; the total is the sum of the rounded lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, Inexact, InvalidOperation
from enum import StrEnum

from portal.errors import PortalError
from portal.money import round_amount
from portal.rating.precision import EXACT_DIGITS, exact_digits
from portal.rating.price import PER_UNIT, VOLUME, Price, TransformQuantity
from portal.rating.tiers import TierShare, graduated_shares, volume_share

_NOTHING = Decimal(0)
# The rest of the digits is for a rate: twelve before the point and twelve behind it.
_MOST_DIGITS = EXACT_DIGITS - 24


class UnusableQuantity(PortalError):
    """The quantity is no number, or has more digits than can be rated exactly."""


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

    @property
    def exact(self) -> Decimal:
        """What the lines come to before any of them is rounded."""
        with exact_digits():
            return sum((line.exact for line in self.lines), _NOTHING)


def rate(price: Price, quantity: Decimal) -> RatedAmount:
    """Rate a quantity: Stripe's invoice lines for it, each rounded once.

    A negative quantity (usage that was corrected below zero) is billed as 0
    (https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api). A volume price
    may cost less for more, so nothing may assume that amounts rise with quantities.

    Raises UnusableQuantity rather than lose a digit.
    """
    try:
        with exact_digits() as context:
            context.traps[Inexact] = True
            lines = tuple(_rated_lines(price, _billed(quantity)))
    except (Inexact, InvalidOperation):
        raise UnusableQuantity(
            f"{quantity} at the price {price.id} cannot be rated exactly.",
            next_step=f"Use at most {_MOST_DIGITS} digits.",
        ) from None
    return RatedAmount(price, quantity, lines)


def _billed(quantity: Decimal) -> Decimal:
    if not quantity.is_finite() or abs(quantity.adjusted()) > EXACT_DIGITS:
        raise InvalidOperation
    return quantity if quantity > 0 else _NOTHING


def _rated_lines(price: Price, quantity: Decimal) -> Iterator[RatedLine]:
    if price.billing_scheme == PER_UNIT:
        # A per-unit price without an amount cannot be made, see Price.
        unit_amount = price.unit_amount_decimal or _NOTHING
        if price.transform_quantity is None:
            yield _unit_line(quantity, unit_amount)
        else:
            yield _package_line(quantity, unit_amount, price.transform_quantity)
        return
    with_flat_lines = any(tier.flat_amount_decimal is not None for tier in price.tiers)
    if price.tiers_mode == VOLUME:
        shares = iter((volume_share(price.tiers, quantity),))
    else:
        shares = graduated_shares(price.tiers, quantity)
    for share in shares:
        yield _unit_line(share.quantity, share.tier.unit_amount_decimal, share.number)
        if with_flat_lines:
            yield _flat_line(share)


def _flat_line(share: TierShare) -> RatedLine:
    """A reached tier's fee; if any tier of the price has one, all reached tiers have the line."""
    flat_amount = share.tier.flat_amount_decimal or _NOTHING
    return RatedLine(
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
    packages, begun = divmod(quantity, package.divide_by)
    if begun and package.round == "up":
        packages += 1
    exact = packages * unit_amount
    return RatedLine(
        LineKind.PACKAGE,
        quantity=quantity,
        exact=exact,
        amount=round_amount(exact),
        unit_amount_decimal=unit_amount,
        packages=packages,
    )
