"""Where a meter stands on its price ladder, as a bar: shares of its width, in percent.

Pure: nothing is rated here, every amount comes from the service's report.
"""

from dataclasses import dataclass
from decimal import Decimal

from portal.components.formats import exact_quantity_text, price_text, quantity_text
from portal.money import Money, money_text, rate_text
from portal.services.reports import MeterUsage, TierStep

# A label needs this share of the bar for each of its letters (12 px type on a bar of 300 px).
_LETTER = Decimal("2.15")
_LABEL_GAP = Decimal(2)


@dataclass(frozen=True, slots=True)
class Segment:
    """A filled part of the bar: inside the included amount, or billed."""

    left: str
    width: str
    included: bool


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where one tier ends and the next begins; the label is empty where there is no room."""

    left: str
    label: str


@dataclass(frozen=True, slots=True)
class TierPrice:
    """What a unit costs from here on, written below the bar."""

    left: str
    label: str
    first: bool


@dataclass(frozen=True, slots=True)
class TierBar:
    """A price ladder ready to be drawn; `explanation` says the same in words, with every amount."""

    segments: tuple[Segment, ...]
    boundaries: tuple[Boundary, ...]
    prices: tuple[TierPrice, ...]
    explanation: str


def tier_bar_of(meter: MeterUsage) -> TierBar:
    """The meter's ladder: outlined up to the included amount, solid where it is billed."""
    full = _full_quantity(meter)
    shown = [step for step in meter.steps if step.starts_at < full]
    return TierBar(
        segments=_segments(meter, full),
        boundaries=_boundaries(shown, meter.unit_label, full),
        prices=_prices(shown, meter, full),
        explanation=_explanation(meter),
    )


def _full_quantity(meter: MeterUsage) -> Decimal:
    """The quantity at the bar's right end: the next boundary with air behind it, if it is near."""
    used = max(meter.quantity, Decimal(0))
    following = [step.up_to for step in meter.steps if step.up_to is not None and step.up_to > used]
    reached = [step.starts_at for step in meter.steps if step.starts_at <= used]
    if following and (following[0] <= 2 * used or meter.included == following[0] or not used):
        return following[0] * Decimal("1.5")
    return max(used * Decimal("1.8"), max(reached, default=Decimal(0)) * Decimal("1.5")) or Decimal(
        1
    )


def _segments(meter: MeterUsage, full: Decimal) -> tuple[Segment, ...]:
    used = max(meter.quantity, Decimal(0))
    free = used if meter.on_trial else min(used, meter.included)
    parts = [(Decimal(0), free, True), (free, used, False)]
    return tuple(
        Segment(_percent(start, full), _percent(end - start, full), included)
        for start, end, included in parts
        if end > start
    )


def _boundaries(shown: list[TierStep], unit: str, full: Decimal) -> tuple[Boundary, ...]:
    boundaries = []
    free_from = last = Decimal(0)
    for step in shown[1:]:
        label = quantity_text(step.starts_at, unit)
        middle, half = step.starts_at / full * 100, len(label) * _LETTER / 2
        if middle - last < _LABEL_GAP:
            continue
        last = middle
        fits = middle - half >= free_from and middle + half <= 100 + _LABEL_GAP
        boundaries.append(Boundary(_percent(step.starts_at, full), label if fits else ""))
        free_from = middle + half + _LABEL_GAP if fits else free_from
    return tuple(boundaries)


def _prices(shown: list[TierStep], meter: MeterUsage, full: Decimal) -> tuple[TierPrice, ...]:
    prices = []
    for step in shown:
        end = full if step.up_to is None else min(step.up_to, full)
        room = (end - step.starts_at) / full * 100
        label = _price_label(step, meter)
        if step is shown[-1] and step.starts_at and step.up_to is not None and step.up_to > full:
            beyond = f"{label}, up to {quantity_text(step.up_to, meter.unit_label)}"
            label = beyond if len(beyond) * _LETTER <= room else label
        if len(label) * _LETTER + _LABEL_GAP <= room:
            prices.append(TierPrice(_percent(step.starts_at, full), label, not step.starts_at))
    return tuple(prices)


def _price_label(step: TierStep, meter: MeterUsage) -> str:
    flat = step.flat_amount_decimal or Decimal(0)
    if not step.unit_amount_decimal and not flat:
        return "included" if step.starts_at < meter.included else "free"
    price = price_text(
        step.unit_amount_decimal,
        meter.cost.currency,
        price_per=meter.price_per,
        unit_label=meter.unit_label,
    )
    if not flat:
        return price
    fee = rate_text(flat, meter.cost.currency)
    return f"{fee} + {price}" if step.unit_amount_decimal else f"{fee} flat"


def _explanation(meter: MeterUsage) -> str:
    """One clause per tier: its quantity, its price and its amount; tiers not reached say so."""
    clauses = []
    for step in meter.steps:
        label = _price_label(step, meter)
        if step.quantity or step.amount:
            amount = money_text(Money(step.amount, meter.cost.currency))
            clauses.append(f"{exact_quantity_text(step.quantity)} at {label}: {amount}")
        else:
            clauses.append(f"above {exact_quantity_text(step.starts_at)}, {label}: not reached")
    return "; ".join(clauses) + "."


def _percent(part: Decimal, whole: Decimal) -> str:
    return f"{part / whole * 100:.2f}%"
