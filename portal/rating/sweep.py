"""Many quantities at one price at once, on whole numbers of numpy: the amounts that rate() gives.

Quantities and rates are scaled by powers of ten until they are whole. Where a product could leave
64 bits, the quantity is rated by rate() instead, so that the result is exact for all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from portal.money import round_amount
from portal.rating.price import PER_UNIT, VOLUME, Price, decimal_places
from portal.rating.rate import rate

Whole = NDArray[np.int64]
_LARGEST = 2**63 - 1


def rate_all(pairs: Iterable[tuple[Price, Decimal]]) -> list[int]:
    """What each quantity costs at its price, in minor units; fast where prices come often."""
    places: dict[int, tuple[PriceSweep, list[int], list[Decimal]]] = {}
    count = 0
    for price, quantity in pairs:
        # By identity: to hash a price with its tiers would cost more than to rate it.
        if id(price) not in places:
            places[id(price)] = (PriceSweep(price), [], [])
        _, positions, quantities = places[id(price)]
        positions.append(count)
        quantities.append(quantity)
        count += 1
    found = [0] * count
    for sweep, positions, quantities in places.values():
        for position, amount in zip(positions, sweep.amounts(quantities), strict=True):
            found[position] = amount
    return found


@dataclass(frozen=True, slots=True)
class _Column:
    """One invoice line of every quantity: which quantities have it, and what it comes to."""

    is_there: NDArray[np.bool_]
    amounts: Whole


class PriceSweep:
    """A price made ready to rate many quantities."""

    def __init__(self, price: Price) -> None:
        self.price = price
        rates = [tier.unit_amount_decimal for tier in price.tiers]
        if price.billing_scheme == PER_UNIT:
            rates = [price.unit_amount_decimal or Decimal(0)]
        self._rate_scale: int = 10 ** max(map(decimal_places, rates))
        self._rates = [_whole(one, self._rate_scale) for one in rates]
        flats = [tier.flat_amount_decimal for tier in price.tiers]
        self._has_flats = any(flat is not None for flat in flats)
        self._flats = [round_amount(flat or Decimal(0)) for flat in flats]

    def amounts(self, quantities: Sequence[Decimal]) -> list[int]:
        """What each quantity costs, in minor units. Raises what rate() raises."""
        columns, beyond = self._swept(quantities)
        totals = np.zeros(len(quantities), dtype=np.int64)
        for column in columns:
            totals += column.amounts
        found: list[int] = totals.tolist()
        for position in beyond:
            found[position] = rate(self.price, quantities[position]).amount
        return found

    def line_amounts(self, quantities: Sequence[Decimal]) -> list[tuple[int, ...]]:
        """The amounts of each quantity's invoice lines, in Stripe's order."""
        columns, beyond = self._swept(quantities)
        lines: list[tuple[int, ...]] = [()] * len(quantities)
        for column in columns:
            there, amounts = column.is_there.tolist(), column.amounts.tolist()
            lines = [
                (*line, amount) if is_there else line
                for line, is_there, amount in zip(lines, there, amounts, strict=True)
            ]
        for position in beyond:
            rated = rate(self.price, quantities[position])
            lines[position] = tuple(line.amount for line in rated.lines)
        return lines

    def _swept(self, quantities: Sequence[Decimal]) -> tuple[Sequence[_Column], Iterable[int]]:
        """The lines of all quantities, and the positions of those that only rate() can rate."""
        scaled = _Scaled.of(quantities, self.price)
        capacity = self._capacity(scaled.scale) if scaled else 0
        if scaled is None or capacity < 1:
            return (), range(len(quantities))
        whole, beyond = scaled.within(capacity)
        return list(self._columns(whole, scaled.scale)), beyond

    def _capacity(self, scale: int) -> int:
        """The largest scaled quantity for which no product and no sum leaves 64 bits."""
        unit = scale * self._rate_scale
        room = _LARGEST - unit - sum(self._flats) - 2 * len(self._rates)
        return min(room // max(1, max(self._rates)), 2**62)

    def _columns(self, quantities: Whole, scale: int) -> Iterator[_Column]:
        if self.price.billing_scheme == PER_UNIT:
            yield self._per_unit(quantities, scale)
        elif self.price.tiers_mode == VOLUME:
            yield from self._volume(quantities, scale)
        else:
            yield from self._graduated(quantities, scale)

    def _per_unit(self, quantities: Whole, scale: int) -> _Column:
        package, unit = self.price.transform_quantity, scale * self._rate_scale
        counted = quantities
        if package is not None:
            size, unit = min(package.divide_by * scale, _LARGEST), self._rate_scale
            counted = -(-quantities // size) if package.round == "up" else quantities // size
        return _Column(_everywhere(quantities), _rounded(counted * self._rates[0], unit))

    def _volume(self, quantities: Whole, scale: int) -> Iterator[_Column]:
        bounds = np.array(self._bounds(scale), dtype=np.int64)
        tiers = np.searchsorted(bounds, quantities, side="left")
        rates = np.array(self._rates, dtype=np.int64)[tiers]
        everywhere = _everywhere(quantities)
        yield _Column(everywhere, _rounded(quantities * rates, scale * self._rate_scale))
        if self._has_flats:
            yield _Column(everywhere, np.array(self._flats, dtype=np.int64)[tiers])

    def _graduated(self, quantities: Whole, scale: int) -> Iterator[_Column]:
        floor = 0
        # The first tier counts as reached at 0.
        is_reached = _everywhere(quantities)
        bounds = [*self._bounds(scale), _LARGEST]
        for bound, rate_of_tier, flat in zip(bounds, self._rates, self._flats, strict=True):
            shares = np.clip(quantities, floor, bound) - floor
            yield _Column(is_reached, _rounded(shares * rate_of_tier, scale * self._rate_scale))
            if self._has_flats:
                yield _Column(is_reached, is_reached * np.int64(flat))
            floor = bound
            is_reached = quantities > floor

    def _bounds(self, scale: int) -> list[int]:
        """The upper bounds of all tiers but the open last one; quantities stay within 64 bits."""
        bounds = (tier.up_to for tier in self.price.tiers if tier.up_to is not None)
        return [min(_whole(bound, scale), _LARGEST) for bound in bounds]


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Quantities as whole numbers: each is that many parts of which `scale` make one."""

    parts: list[int]
    scale: int

    @classmethod
    def of(cls, quantities: Sequence[Decimal], price: Price) -> "_Scaled | None":
        """The quantities on a scale that makes the price's bounds whole too; None if there is none.

        What is no finite number, or has too many decimals, is left to rate().
        """
        bounds = [tier.up_to for tier in price.tiers if tier.up_to is not None]
        try:
            ratios = [quantity.as_integer_ratio() for quantity in quantities]
        except (ValueError, OverflowError):
            return None
        divisors = {divisor for _, divisor in ratios}
        divisors.update(bound.as_integer_ratio()[1] for bound in bounds)
        scale = next((10**n for n in range(19) if not any(10**n % one for one in divisors)), None)
        if scale is None:
            return None
        factors = {divisor: scale // divisor for divisor in divisors}
        return cls([number * factors[divisor] for number, divisor in ratios], scale)

    def within(self, capacity: int) -> tuple[Whole, list[int]]:
        """The parts as an array, and the positions of those beyond a capacity, which are 0 there.

        Below zero a quantity is billed as 0.
        """
        inside = (part if 0 < part <= capacity else 0 for part in self.parts)
        array = np.fromiter(inside, dtype=np.int64, count=len(self.parts))
        return array, [place for place, part in enumerate(self.parts) if part > capacity]


def _whole(number: Decimal, scale: int) -> int:
    numerator, divisor = number.as_integer_ratio()
    return numerator * scale // divisor


def _everywhere(quantities: Whole) -> NDArray[np.bool_]:
    return np.ones(len(quantities), dtype=np.bool_)


def _rounded(products: Whole, unit: int) -> Whole:
    """Products of which `unit` make one minor unit, as whole ones, a half up."""
    return (products + unit // 2) // unit
