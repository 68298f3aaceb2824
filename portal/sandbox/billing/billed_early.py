"""Usage that was invoiced before its period is over, because it had reached a threshold.

https://docs.stripe.com/billing/subscriptions/usage-based/thresholds: graduated tiers go on where
the last invoice has left them; a volume price rates all units anew and takes off what was billed.
An item keeps under `_billed_early` how many units of each of its spans were billed already.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.money import round_amount
from portal.rating.price import VOLUME, Price
from portal.rating.rate import LineKind, RatedLine, rate
from portal.sandbox.billing.descriptions import decimal_text

if TYPE_CHECKING:
    from portal.sandbox.billing.charges import Charge

StripeObject = dict[str, Any]
_NOTHING = Decimal(0)


def units_billed(item: StripeObject, price: str, start: int) -> Decimal | None:
    """How many units were billed of the usage at a price since `start`; None if never any."""
    for billed in item.get("_billed_early", ()):
        if (billed["price"], billed["start"]) == (price, start):
            return Decimal(billed["quantity"])
    return None


def with_units_billed(item: StripeObject, charges: "Iterable[Charge]") -> StripeObject:
    """The item after its charges were invoiced; its usage goes on counting in its spans."""
    billed = [
        {
            "price": charge.price["id"],
            "start": charge.start,
            "quantity": decimal_text(charge.quantity),
        }
        for charge in charges
    ]
    return item | {"_billed_early": billed}


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
    now, before = later.get(key), earlier.get(key)
    quantity = (now.quantity if now else _NOTHING) - (before.quantity if before else _NOTHING)
    exact = (now.exact if now else _NOTHING) - (before.exact if before else _NOTHING)
    return replace(line, quantity=quantity, exact=exact, amount=round_amount(exact))
