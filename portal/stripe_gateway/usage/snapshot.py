"""One look at a customer's usage: the figures, and the windows that charts are drawn from."""

from datetime import datetime

from portal.clock import Period
from portal.errors import StripeRefused
from portal.stripe_gateway.client import Gateway, together
from portal.stripe_gateway.facts import Gone, MeterFacts
from portal.stripe_gateway.reads import retrieve_customer, retrieve_meter
from portal.stripe_gateway.usage.facts import (
    NOTHING_KNOWN,
    KnownUsage,
    MeterPeriod,
    UsageSnapshotFacts,
    UsageTotalFacts,
    UsageWindow,
    UsageWindows,
)
from portal.stripe_gateway.usage.figures import Figures, read_figures, read_period_total
from portal.stripe_gateway.usage.summaries import MeterReader
from portal.stripe_gateway.usage.windows import (
    add_up,
    counted_span,
    needs_look,
    previous_period,
    recent_span,
    total_of,
)
from portal.stripe_ids import CustomerId, MeterId


async def read_usage_snapshot(
    gateway: Gateway, customer: CustomerId, known: KnownUsage = NOTHING_KNOWN
) -> UsageSnapshotFacts | Gone:
    """What a customer has used and will be billed for; Gone when there is no such customer.

    What is `known` from earlier looks is not read again, save the last 48 hours; without it
    every window of this period and of the one before is read.
    """
    try:
        return await _Look(gateway, customer, known).snapshot()
    except StripeRefused as refused:
        if refused.code == "resource_missing" and refused.param == "customer":
            found = await retrieve_customer(gateway, customer)
            if isinstance(found, Gone):
                return found
        raise


class _Look:
    def __init__(self, gateway: Gateway, customer: CustomerId, known: KnownUsage) -> None:
        self._gateway = gateway
        self._customer = customer
        self._known = known

    async def snapshot(self) -> UsageSnapshotFacts:
        figures = await read_figures(self._gateway, self._customer)
        previous = await together(
            read_period_total(self._gateway, self._customer, period)
            for period in self._previous_periods(figures)
        )
        totals = (*figures.totals, *previous)
        meters = await self._unknown_meters(totals)
        formulas = {**self._known.formulas, **{meter.id: meter.formula for meter in meters}}
        windows = await together(
            self._windows(total, formulas.get(total.meter_id, "sum"), figures.now)
            for total in totals
        )
        return UsageSnapshotFacts(
            customer_id=self._customer,
            read_at=figures.read_at,
            as_of=figures.now,
            objects=(*meters, *figures.objects),
            previews=figures.previews,
            totals=totals,
            windows=tuple(windows),
            agrees=figures.agree,
        )

    def _previous_periods(self, figures: Figures) -> list[MeterPeriod]:
        """The periods before the current ones that were not looked at since they ended."""
        found = {
            MeterPeriod(item.meter_id, period): None
            for subscription in figures.subscriptions
            for item in subscription.items
            if item.meter_id and (period := previous_period(subscription, item))
        }
        return [
            one for one in found if needs_look(one.period, self._known.as_of.get(one), figures.now)
        ]

    async def _unknown_meters(self, totals: tuple[UsageTotalFacts, ...]) -> list[MeterFacts]:
        unknown = {total.meter_id for total in totals} - set(self._known.formulas)
        found = await together(retrieve_meter(self._gateway, one) for one in sorted(unknown))
        return [meter for meter in found if isinstance(meter, MeterFacts)]

    async def _windows(self, total: UsageTotalFacts, formula: str, now: datetime) -> UsageWindows:
        """The recent windows when the older ones are known and still hold, else all of them."""
        meter = MeterReader(self._gateway, self._customer, total.meter_id)
        span = counted_span(total.period)
        recent = recent_span(span, now)
        as_of = self._known.as_of.get(MeterPeriod(total.meter_id, total.period))
        if as_of and as_of >= recent.start:
            young = await meter.windows(recent)
            older = self._known_windows(total.meter_id, Period(span.start, recent.start))
            if add_up(formula, older, young, total.value) or (
                await meter.total(Period(span.start, recent.start)) == total_of(formula, older)
            ):
                return UsageWindows(total.meter_id, recent, young)
        begun = Period(span.start, recent.end)
        return UsageWindows(total.meter_id, begun, await meter.windows(begun))

    def _known_windows(self, meter: MeterId, span: Period) -> list[UsageWindow]:
        return [one for one in self._known.windows.get(meter, ()) if one.start in span]
