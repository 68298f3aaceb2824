"""The figures of a customer that must agree: what bills, what was used, what it will cost.

Usage goes on while we read. The quantity of a period comes from one aggregated total, the next
invoice from Stripe's own preview; when the two differ, both are read again.
"""

import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.errors import StripeRefused
from portal.stripe_gateway import translate
from portal.stripe_gateway.client import Answer, Gateway, together
from portal.stripe_gateway.facts import InvoiceFacts, ObjectFacts, SubscriptionFacts
from portal.stripe_gateway.reads import complete_subscription, preview_invoice
from portal.stripe_gateway.translate_invoice import AmountTooLarge
from portal.stripe_gateway.usage.agreement import bills_the_totals, metered_period
from portal.stripe_gateway.usage.facts import MeterPeriod, UsageTotalFacts
from portal.stripe_gateway.usage.summaries import MeterReader
from portal.stripe_gateway.usage.windows import counted_span
from portal.stripe_ids import CustomerId

_ROUNDS = 3
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures read together; `now` is the customer's present moment, `objects` came along."""

    read_at: datetime
    now: datetime
    objects: tuple[ObjectFacts, ...]
    subscriptions: tuple[SubscriptionFacts, ...]
    totals: tuple[UsageTotalFacts, ...]
    previews: tuple[InvoiceFacts, ...]

    @property
    def agree(self) -> bool:
        """Whether the previews bill exactly the totals."""
        return bills_the_totals(self.subscriptions, self.previews, self.totals)

    def same_as(self, other: "Figures") -> bool:
        """Whether nothing has moved, so that reading once more would change nothing."""
        return self.totals == other.totals and self._billed() == other._billed()

    def _billed(self) -> list[tuple[int, Decimal | None]]:
        return [(line.amount, line.quantity) for one in self.previews for line in one.lines]


async def read_figures(gateway: Gateway, customer: CustomerId) -> Figures:
    """Figures that agree, or the last of three when usage never rests or another reason stands."""
    figures = await _read_once(gateway, customer)
    for _ in range(_ROUNDS - 1):
        if figures.agree:
            break
        before, figures = figures, await _read_once(gateway, customer)
        if figures.same_as(before):
            break
    return figures


async def read_period_total(
    gateway: Gateway, customer: CustomerId, meter_period: MeterPeriod
) -> UsageTotalFacts:
    """What a customer has used of a meter in one billing period."""
    meter, period = meter_period.meter_id, meter_period.period
    value = await MeterReader(gateway, customer, meter).total(counted_span(period))
    return UsageTotalFacts(meter, period, value)


async def _read_once(gateway: Gateway, customer: CustomerId) -> Figures:
    pages = [page async for page in _subscription_pages(gateway, customer)]
    read_at = pages[0].read_at
    listed = [Answer(one, page.read_at) for page in pages for one in page.stripe_object["data"]]
    clocks = [
        translate.test_clock_facts(clock, answer.read_at)
        for answer in listed
        if (clock := answer.stripe_object.get("test_clock"))
    ]
    subscriptions = await together(complete_subscription(gateway, one) for one in listed)
    live = tuple(one for one in subscriptions if one.is_live)
    totals = await together(
        read_period_total(gateway, customer, period) for period in _billing_now(live)
    )
    previews = await together(_read_preview(gateway, one) for one in live)
    return Figures(
        read_at=read_at,
        now=clocks[0].frozen_time if clocks else read_at,
        objects=(*clocks[:1], *subscriptions),
        subscriptions=live,
        totals=tuple(totals),
        previews=tuple(preview for preview in previews if preview),
    )


def _subscription_pages(gateway: Gateway, customer: CustomerId) -> AsyncIterator[Answer]:
    """All subscriptions but the cancelled ones, with the test clock that the customer is on."""
    return gateway.pages(
        lambda client, page: client.v1.subscriptions.list_async(page),
        customer=customer,
        expand=["data.test_clock"],
    )


def _billing_now(subscriptions: Iterable[SubscriptionFacts]) -> list[MeterPeriod]:
    """Each metered period once: two items may bill the same usage."""
    periods = (metered_period(item) for one in subscriptions for item in one.items)
    return list(dict.fromkeys(period for period in periods if period))


async def _read_preview(gateway: Gateway, subscription: SubscriptionFacts) -> InvoiceFacts | None:
    """Stripe's preview of the subscription's next invoice; None when there will be none.

    Where Stripe refuses it for another reason, say an unknown tax location, usage goes on without.
    """
    try:
        return await preview_invoice(gateway, subscription)
    except StripeRefused as refused:
        if refused.code != "invoice_upcoming_none":
            _log.warning("the preview of %s was refused: %s", subscription.id, refused)
        return None
    except AmountTooLarge as error:
        _log.warning("the preview of %s cannot be kept: %s", subscription.id, error)
        return None
