"""Usage that was invoiced before its period is over, because it had reached a threshold.

https://docs.stripe.com/billing/subscriptions/usage-based/thresholds. An item keeps under
`_billed_early` how many units of each of its spans were billed already.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.sandbox.fields import decimal_text

if TYPE_CHECKING:
    from portal.sandbox.billing.charges import Charge

StripeObject = dict[str, Any]


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
