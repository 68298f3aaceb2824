"""Prices as values: what Stripe's price object says about money, checked once and frozen.

Nothing is rated here; the tier walk is in tiers.py, the amounts are in rate.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.errors import PortalError

PER_UNIT = "per_unit"
TIERED = "tiered"
GRADUATED = "graduated"
VOLUME = "volume"
# https://docs.stripe.com/api/prices/object#price_object-unit_amount_decimal
DECIMAL_PLACES = 12


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
    """No amount where one is needed: on a tier, or on a price whose payer chooses it."""


class UnknownRounding(UnusablePrice):
    """A package is rounded neither up nor down, or divides by nothing."""


class PackagedTiers(UnusablePrice):
    """The price has tiers and a package, which Stripe does not combine."""


class InvalidAmount(UnusablePrice):
    """An amount is no number, is negative or has more decimals than Stripe knows."""


class CurrencyNotOffered(UnusablePrice):
    """The price has no amounts in the currency, or was read without them."""


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

    All of it is checked on the way in, so that what can be made can be rated. Tiers have bounds
    above zero that rise strictly, and only the last one is open
    (https://docs.stripe.com/api/prices/create#create_price-tiers).
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
        self._check_amount("unit amount", self.unit_amount_decimal)
        package = self.transform_quantity
        if package and (package.round not in ("up", "down") or package.divide_by < 1):
            raise UnknownRounding(
                self.id, f"divides by {package.divide_by} and rounds {package.round!r}"
            )

    def _check_tiers(self) -> None:
        if self.tiers_mode not in (GRADUATED, VOLUME):
            raise UnknownTiersMode(self.id, f"has the tiers mode {self.tiers_mode!r}")
        if self.transform_quantity is not None:
            raise PackagedTiers(self.id, "has both tiers and packages")
        if not self.tiers:
            raise MissingTiers(
                self.id,
                "is tiered but its tiers are missing",
                next_step="Read it with its tiers: expand[]=tiers.",
            )
        self._check_bounds()
        for number, tier in enumerate(self.tiers, start=1):
            self._check_amount(f"unit amount in tier {number}", tier.unit_amount_decimal)
            self._check_amount(f"flat amount in tier {number}", tier.flat_amount_decimal)

    def _check_bounds(self) -> None:
        *bounds, last = [tier.up_to for tier in self.tiers]
        if last is not None:
            raise TiersOutOfOrder(self.id, f"ends at {last} instead of in an open tier")
        floor = Decimal(0)
        for bound in bounds:
            if bound is None or bound <= floor:
                raise TiersOutOfOrder(self.id, f"has a tier up to {bound} after {floor}")
            floor = bound

    def _check_amount(self, name: str, amount: Decimal | None) -> None:
        if amount is None:
            return
        if amount < 0:
            raise InvalidAmount(self.id, f"has the {name} {amount}")
        if decimal_places(amount) > DECIMAL_PLACES:
            raise InvalidAmount(
                self.id, f"has more than {DECIMAL_PLACES} decimals in the {name} {amount}"
            )


def decimal_places(number: Decimal) -> int:
    """How many decimals a finite number needs: 1 for 1.50, 0 for 100."""
    return max(0, -int(number.normalize().as_tuple().exponent))


def price_from_stripe(stripe_price: Mapping[str, Any], currency: str | None = None) -> Price:
    """A Stripe price object, its tiers expanded, as a Price; in its own currency, or in another.

    Another currency needs the price's `currency_options`, expanded with their tiers. Decimals may
    come as text (the wire) or as Decimal (the SDK). Raises a child of UnusablePrice.
    """
    price_id = stripe_price.get("id") or "without an id"
    own = stripe_price.get("currency")
    if not own:
        raise CurrencyNotOffered(price_id, "names no currency")
    wanted = (currency or own).lower()
    amounts = stripe_price if wanted == own.lower() else _option(stripe_price, price_id, wanted)
    tiers = enumerate(amounts.get("tiers") or (), start=1)
    return Price(
        id=price_id,
        currency=wanted,
        billing_scheme=stripe_price.get("billing_scheme") or "",
        unit_amount_decimal=_amount(amounts, "unit_amount", price_id),
        tiers=tuple(_tier(tier, number, price_id) for number, tier in tiers),
        tiers_mode=stripe_price.get("tiers_mode"),
        transform_quantity=_transform_quantity(stripe_price.get("transform_quantity")),
    )


def _option(stripe_price: Mapping[str, Any], price_id: str, currency: str) -> Mapping[str, Any]:
    """The amounts in another currency (https://docs.stripe.com/api/prices/object)."""
    options: Mapping[str, Mapping[str, Any]] | None = stripe_price.get("currency_options")
    if options is None:
        raise CurrencyNotOffered(
            price_id,
            f"is in {stripe_price['currency']}, and its options in other currencies are missing",
            next_step="Read it with them: expand[]=currency_options.",
        )
    if currency not in options:
        offered = ", ".join(sorted({stripe_price["currency"], *options}))
        raise CurrencyNotOffered(price_id, f"has no option in {currency}, only in {offered}")
    option = options[currency]
    if stripe_price.get("billing_scheme") == TIERED and not option.get("tiers"):
        raise MissingTiers(
            price_id,
            f"is tiered but its tiers in {currency} are missing",
            next_step=f"Read it with them: expand[]=currency_options.{currency}.tiers.",
        )
    return option


def _tier(stripe_tier: Mapping[str, Any], number: int, price_id: str) -> Tier:
    up_to = stripe_tier.get("up_to")
    unit_amount = _amount(stripe_tier, "unit_amount", price_id)
    flat_amount = _amount(stripe_tier, "flat_amount", price_id)
    if unit_amount is None and flat_amount is None:
        raise MissingUnitAmount(price_id, f"has neither a unit nor a flat amount in tier {number}")
    return Tier(
        up_to=None if up_to in (None, "inf") else _number(up_to, "up_to", price_id),
        unit_amount_decimal=Decimal(0) if unit_amount is None else unit_amount,
        flat_amount_decimal=flat_amount,
    )


def _transform_quantity(stripe_transform: Mapping[str, Any] | None) -> TransformQuantity | None:
    if stripe_transform is None:
        return None
    divide_by = str(stripe_transform.get("divide_by"))
    return TransformQuantity(
        int(divide_by) if divide_by.isdecimal() else 0, str(stripe_transform.get("round"))
    )


def _amount(holder: Mapping[str, Any], name: str, price_id: str) -> Decimal | None:
    """The decimal twin of an amount when there is one: it is exact where the whole one is null."""
    value = holder.get(f"{name}_decimal")
    if value is None:
        value = holder.get(name)
    return None if value is None else _number(value, name, price_id)


def _number(value: object, name: str, price_id: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidAmount(price_id, f"has {value!r} as its {name}")
    return number
