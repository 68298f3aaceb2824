"""Reads of Stripe's meter event summaries: a total over a span, and a span's windows.

https://docs.stripe.com/api/billing/meter-event-summary/list
"""

from decimal import Decimal

from portal.clock import Period, from_epoch, to_epoch
from portal.stripe_gateway.client import Gateway
from portal.stripe_gateway.translate import StripeObject
from portal.stripe_gateway.usage.facts import UsageWindow
from portal.stripe_gateway.usage.windows import pieces
from portal.stripe_ids import CustomerId, MeterId


class MeterReader:
    """Reads one meter of one customer."""

    def __init__(self, gateway: Gateway, customer: CustomerId, meter: MeterId) -> None:
        self._gateway = gateway
        self._customer = customer
        self._meter = meter

    async def total(self, span: Period) -> Decimal:
        """What was counted in a span of whole minutes, by the meter's own formula.

        Stripe refuses a span of no length, in which nothing can have happened.
        """
        if span.start == span.end:
            return Decimal(0)
        windows = await self._summaries(span)
        return windows[0].value if windows else Decimal(0)

    async def windows(self, span: Period) -> tuple[UsageWindow, ...]:
        """The windows that counted something in a span of whole minutes, in order.

        They are whole hours, but for an hour that the span's edge cuts. Windows without usage are
        left out here, whether Stripe sends them or not.
        """
        found = [
            window
            for piece, is_whole_hours in pieces(span)
            for window in await self._summaries(piece, by_hour=is_whole_hours)
            if window.value
        ]
        return tuple(sorted(found, key=lambda window: window.start))

    async def _summaries(self, span: Period, *, by_hour: bool = False) -> list[UsageWindow]:
        grouping = {"value_grouping_window": "hour"} if by_hour else {}
        pages = self._gateway.pages(
            lambda client, page: client.v1.billing.meters.event_summaries.list_async(
                self._meter, page
            ),
            customer=self._customer,
            start_time=to_epoch(span.start),
            end_time=to_epoch(span.end),
            **grouping,
        )
        return [_window(one) async for page in pages for one in page.stripe_object["data"]]


def _window(summary: StripeObject) -> UsageWindow:
    return UsageWindow(
        from_epoch(summary["start_time"]),
        from_epoch(summary["end_time"]),
        # Stripe sends a JSON number; its digits count, not the nearest binary fraction.
        Decimal(str(summary["aggregated_value"])),
    )
