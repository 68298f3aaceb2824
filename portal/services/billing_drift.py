"""Whether what Stripe will bill a customer is what our own rating makes of the same facts.

For the operator, who acts for no customer.
"""

from dataclasses import dataclass

from portal.services.bill_differences import Difference, compare
from portal.stripe_gateway.next_bill.facts import NextBill
from portal.stripe_gateway.next_bill.reads import NextBillReader
from portal.stripe_ids import CustomerId, SubscriptionId

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference in the next invoice of a subscription."""

    subscription: SubscriptionId
    difference: Difference


@dataclass(frozen=True, slots=True)
class Checked:
    """A customer's next invoices: how many there are, and what differs in them.

    `is_settled` is False when they changed each time that they were read; then nothing can be said
    of them.
    """

    invoices: int
    drifts: tuple[Drift, ...]
    is_settled: bool = True


async def check(reader: NextBillReader, customer: CustomerId) -> Checked:
    """Compare a customer's next invoices with our own rating.

    Usage, balances and credits may move between two reads. So all is read again when something
    differs, and counts as drift when the same differs once more.
    """
    before: tuple[Drift, ...] | None = None
    for _ in range(_ROUNDS):
        bills = await reader.read(customer)
        drifts = tuple(drift for bill in bills for drift in _drifts(bill))
        if not drifts or drifts == before:
            return Checked(len(bills), drifts)
        before = drifts
    return Checked(len(bills), (), is_settled=False)


def _drifts(bill: NextBill) -> list[Drift]:
    return [Drift(bill.subscription.id, one) for one in compare(bill)]
