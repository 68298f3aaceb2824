"""Taxes as percentages: what a line is taxed with, inside its amount or on top of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from portal.money import round_amount
from portal.rating.precision import exact_digits


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A tax; an inclusive one is part of the line's amount, an exclusive one comes on top."""

    id: str
    percentage: Decimal
    inclusive: bool


class TaxAmount(NamedTuple):
    """A tax in minor units, and the amount without tax that it is levied on."""

    tax_rate: TaxRate
    amount: int
    taxable_amount: int


def line_taxes(amount: int, tax_rates: Sequence[TaxRate]) -> tuple[TaxAmount, ...]:
    """The taxes of one line, each rounded once, on what is left of it.

    Inclusive taxes are taken out of the amount together; exclusive ones are levied on what is left
    without them (https://docs.stripe.com/billing/taxes/tax-rates).
    """
    included = sum((rate.percentage for rate in tax_rates if rate.inclusive), Decimal(0))
    with exact_digits():
        taxes = [
            round_amount(amount * rate.percentage / (100 + included)) if rate.inclusive else 0
            for rate in tax_rates
        ]
        net = amount - sum(taxes)
        return tuple(
            TaxAmount(
                rate, tax if rate.inclusive else round_amount(net * rate.percentage / 100), net
            )
            for rate, tax in zip(tax_rates, taxes, strict=True)
        )


def taxes_by_rate(taxes: Iterable[TaxAmount]) -> tuple[TaxAmount, ...]:
    """The taxes of many lines as one entry for each rate, in order of first use."""
    sums: dict[TaxRate, tuple[int, int]] = {}
    for rate, amount, taxable in taxes:
        levied, on = sums.get(rate, (0, 0))
        sums[rate] = (levied + amount, on + taxable)
    return tuple(TaxAmount(rate, *sum_of) for rate, sum_of in sums.items())
