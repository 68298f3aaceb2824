"""What is left to bill of a quantity of which an earlier invoice billed a part.

https://docs.stripe.com/billing/subscriptions/usage-based/thresholds: graduated tiers go on where
the last invoice has left them; a volume price rates all units anew and takes off what was billed.
"""

from dataclasses import replace
from decimal import Decimal

from portal.money import round_amount
from portal.rating.precision import exact_digits
from portal.rating.price import VOLUME, Price
from portal.rating.rate import LineKind, RatedLine, rate

_NOTHING = Decimal(0)
_NONE = RatedLine(LineKind.UNIT, quantity=_NOTHING, exact=_NOTHING, amount=0)


def lines_left(price: Price, quantity: Decimal, billed: Decimal) -> list[RatedLine]:
    """The lines for what was not billed yet; each is rounded alone, and at least one is there."""
    now, before = rate(price, quantity).lines, rate(price, billed).lines
    if price.tiers_mode == VOLUME:
        return list(now)
    earlier = {(line.tier, line.kind): line for line in before}
    later = {(line.tier, line.kind): line for line in now}
    both = [*now, *(line for key, line in earlier.items() if key not in later)]
    left = [_minus(line, later, earlier) for line in both]
    return [line for line in left if line.exact] or left[-1:]


def lines_taken_off(price: Price, billed: Decimal) -> list[RatedLine]:
    """The lines that take off what was billed of a volume price, all of which is rated anew."""
    if price.tiers_mode != VOLUME:
        return []
    return [
        replace(line, quantity=_NOTHING, exact=-line.exact, amount=-line.amount)
        for line in rate(price, billed).lines
        if line.amount
    ]


def _minus(
    line: RatedLine,
    later: dict[tuple[int | None, LineKind], RatedLine],
    earlier: dict[tuple[int | None, LineKind], RatedLine],
) -> RatedLine:
    """The line for the difference between what there is of it now and what was billed."""
    key = line.tier, line.kind
    now, before = later.get(key, _NONE), earlier.get(key, _NONE)
    with exact_digits():
        exact = now.exact - before.exact
        return replace(
            line,
            quantity=now.quantity - before.quantity,
            exact=exact,
            amount=round_amount(exact),
            packages=line.packages and (now.packages or _NOTHING) - (before.packages or _NOTHING),
        )
